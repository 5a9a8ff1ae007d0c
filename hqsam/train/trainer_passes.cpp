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

// How many of the first rows, at most `most`, are of one kind.
size_t rows_alike(std::span<const TrainingRow* const> rows, size_t most) {
  size_t count = 1;
  while (count < std::min(most, rows.size()) && of_one_kind(*rows[count], *rows[0])) ++count;
  return count;
}

}  // namespace

// Adds the gradients of the rows' losses, summed, to the buffer; returns the losses, [4, rows] float64.
torch::Tensor Trainer::accumulate(std::span<const TrainingRow* const> rows, int64_t epoch) {
  const auto micro = static_cast<size_t>(options_.micro_batch);
  const size_t at_once = std::max(micro, static_cast<size_t>(options_.encoder_batch));
  std::vector<torch::Tensor> losses = {torch::zeros({4, 0}, flat_->weights().options().dtype(torch::kFloat64))};
  size_t encoded = 0, count = 0;
  for (size_t first = 0; first < rows.size(); first += encoded) {
    const auto left = rows.subspan(first);
    // An encoder that trains is gone back through once, so all of its rows go through the decoder together.
    encoded = trains_encoder_ ? rows_alike(left, at_once) : std::min(at_once, left.size());
    const auto group = left.first(encoded);
    const ImageFeatures features = encode(group);
    for (size_t begin = 0; begin < encoded; begin += count) {
      count = rows_alike(group.subspan(begin), micro);
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

// Rows of one kind.
torch::Tensor Trainer::backward(std::span<const TrainingRow* const> rows, const ImageFeatures& features,
                                int64_t epoch) {
  if (rows.front()->clicks.rounds > 0) return backward_rounds(rows, features, epoch);
  MicroBatch batch = stack_rows(rows, options_.seed, epoch, options_.loss, model_->device());
  if (rows.front()->own_mask != OwnMask::kNone) prompt_by_own_masks(batch, features, rows.front()->own_mask);
  return backward_losses(decode(batch, features, hq_features(features)), batch, 1);
}

// Adds the gradients of the rows' losses, summed, times `share`; returns the losses times that, [4, rows].
torch::Tensor Trainer::backward_losses(const DecoderOutput& output, const MicroBatch& batch, double share) {
  const auto losses_of = options_.objective == Objective::kHq    ? hq_losses
                         : options_.objective == Objective::kSam ? sam_losses
                                                                 : sam_mask_losses;
  const RowLosses losses = losses_of(output, batch.labels, batch.draws, options_.loss, batch.known);
  RECORD_USER_SCOPE("backward");
  const torch::Tensor sum = losses.loss.sum();
  (share == 1 ? sum : sum * share).backward();
  const torch::Tensor all = torch::stack({losses.loss, losses.mask, losses.dice, losses.iou}).detach();
  return share == 1 ? all : all * share;
}

// What of the HQ-Feature does not depend on prompts; undefined where nobody reads it.
torch::Tensor Trainer::hq_features(const ImageFeatures& features) {
  if (options_.objective != Objective::kHq || !model_->mask_decoder->has_hq_features()) return {};
  RECORD_USER_SCOPE("decode");
  const Bf16Scope autocast(model_->device().type(), bf16_);
  return model_->mask_decoder->hq_features(features);
}

DecoderOutput Trainer::decode(const MicroBatch& batch, const ImageFeatures& features,
                              const torch::Tensor& hq_features) {
  RECORD_USER_SCOPE("decode");
  std::vector<int64_t> rows;
  for (const PromptGroup& group : batch.groups) rows.push_back(group.rows);
  const bool hq = options_.objective == Objective::kHq;
  const Bf16Scope autocast(model_->device().type(), bf16_);
  const auto embeddings = features.image_embeddings.split_with_sizes(rows);
  std::vector<torch::Tensor> hq_parts(rows.size());
  if (hq_features.defined()) hq_parts = hq_features.split_with_sizes(rows);

  std::vector<torch::Tensor> masks, iou;
  for (size_t i = 0; i < rows.size(); ++i) {
    const DecoderOutput output = model_->decode({embeddings[i], {}}, hq_parts[i], batch.groups[i].prompts,
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
