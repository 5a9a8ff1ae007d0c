// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hqsam/ops/autocast.h"
#include "hqsam/train/objective.h"
#include "hqsam/train/trainer.h"

namespace hqsam {
namespace {

// Rows begin .. begin + count of what the decoder reads: the embedding, and the first early feature for HQ modules.
ImageFeatures slice(const ImageFeatures& features, size_t begin, size_t count) {
  const auto first = static_cast<int64_t>(begin), rows = static_cast<int64_t>(count);
  ImageFeatures part{features.image_embeddings.narrow(0, first, rows), {}};
  for (const auto& early : features.interm_embeddings) part.interm_embeddings.push_back(early.narrow(0, first, rows));
  return part;
}

}  // namespace

// Adds the gradients of the rows' losses, summed, to the buffer; returns the losses, [4, rows] float64.
torch::Tensor Trainer::accumulate(std::span<const TrainingRow* const> rows, int64_t epoch) {
  const auto micro = static_cast<size_t>(options_.micro_batch);
  const size_t encoded = std::max(micro, static_cast<size_t>(options_.encoder_batch));
  std::vector<torch::Tensor> losses = {torch::zeros({4, 0}, flat_->weights().options().dtype(torch::kFloat64))};
  for (size_t first = 0; first < rows.size(); first += encoded) {
    const auto group = rows.subspan(first, std::min(encoded, rows.size() - first));
    const ImageFeatures features = encode(group);
    for (size_t begin = 0; begin < group.size(); begin += micro) {
      const size_t count = std::min(micro, group.size() - begin);
      losses.push_back(backward(group.subspan(begin, count), slice(features, begin, count), epoch).to(torch::kFloat64));
    }
  }
  return torch::cat(losses, 1);
}

// Without gradients unless the encoder trains. Early features that nobody reads are let go.
ImageFeatures Trainer::encode(std::span<const TrainingRow* const> rows) {
  const bool reads_early = options_.objective == Objective::kHq && model_->options().mask_decoder.hq.early_feature;
  RECORD_USER_SCOPE("encode");
  const torch::AutoGradMode with_gradients(trains_encoder_);
  const Bf16Scope autocast(model_->device().type(), bf16_);
  size_t at_once = options_.encoder_batch > 0 ? static_cast<size_t>(options_.encoder_batch) : rows.size();
  if (cache_) at_once = 1;
  std::vector<torch::Tensor> embeddings, early;
  for (size_t begin = 0; begin < rows.size(); begin += at_once) {
    const auto part = rows.subspan(begin, std::min(at_once, rows.size() - begin));
    const auto run = [&] { return model_->encode(stack_images(part, model_->device())); };
    ImageFeatures features = cache_ ? cache_->get(part.front()->image, run) : run();
    embeddings.push_back(std::move(features.image_embeddings));
    if (reads_early) early.push_back(std::move(features.interm_embeddings.at(0)));
  }
  const auto join = [](std::vector<torch::Tensor>& parts) {
    return parts.size() == 1 ? std::move(parts.front()) : torch::cat(parts);
  };
  ImageFeatures features{join(embeddings), {}};
  if (reads_early) features.interm_embeddings.push_back(join(early));
  return features;
}

torch::Tensor Trainer::backward(std::span<const TrainingRow* const> rows, const ImageFeatures& features,
                                int64_t epoch) {
  const MicroBatch batch = stack_rows(rows, options_.seed, epoch, options_.loss, model_->device());
  const DecoderOutput output = decode(batch, features);
  const auto losses_of = options_.objective == Objective::kHq    ? hq_losses
                         : options_.objective == Objective::kSam ? sam_losses
                                                                 : sam_mask_losses;
  const RowLosses losses = losses_of(output, batch.labels, batch.draws, options_.loss, batch.known);
  RECORD_USER_SCOPE("backward");
  losses.loss.sum().backward();
  return torch::stack({losses.loss, losses.mask, losses.dice, losses.iou}).detach();
}

DecoderOutput Trainer::decode(const MicroBatch& batch, const ImageFeatures& features) {
  RECORD_USER_SCOPE("decode");
  std::vector<int64_t> rows;
  for (const PromptGroup& group : batch.groups) rows.push_back(group.rows);
  const bool hq = options_.objective == Objective::kHq;
  const Bf16Scope autocast(model_->device().type(), bf16_);
  const auto embeddings = features.image_embeddings.split_with_sizes(rows);
  std::vector<torch::Tensor> hq_features(rows.size());
  if (hq && model_->mask_decoder->has_hq_features()) {
    hq_features = model_->mask_decoder->hq_features(features).split_with_sizes(rows);
  }

  std::vector<torch::Tensor> masks, iou;
  for (size_t i = 0; i < rows.size(); ++i) {
    const DecoderOutput output = model_->decode({embeddings[i], {}}, hq_features[i], batch.groups[i].prompts,
                                                hq ? DecoderPass::kHqOnly : DecoderPass::kSam);
    masks.push_back(hq ? output.masks_hq : output.masks_sam);
    if (!hq) iou.push_back(output.iou);
  }
  DecoderOutput output;
  (hq ? output.masks_hq : output.masks_sam) = torch::cat(masks);
  if (!hq) output.iou = torch::cat(iou);
  return output;
}

}  // namespace hqsam
