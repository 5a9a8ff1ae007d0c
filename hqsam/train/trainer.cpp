// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/trainer.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/model/autocast.h"
#include "hqsam/train/objective.h"

namespace hqsam {
namespace {

// Rows of a [kLossParts, N] tensor of losses.
enum LossPart : int64_t { kTotal, kMask, kDice, kIou, kLossParts };

// The names of up to five rows.
std::string names_of(const std::vector<const TrainingRow*>& rows) {
  constexpr size_t kShown = 5;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(rows.size(), kShown); ++i) names.push_back(rows[i]->name);
  const std::string more = rows.size() > kShown ? fmt::format(" and {} more", rows.size() - kShown) : "";
  return names.empty() ? "rows of another rank" : fmt::format("{}{}", fmt::join(names, ", "), more);
}

constexpr char kNotFiniteAdvice[] = "look at these pictures' masks, lower train.lr, or set train.precision to fp32";

// The gradients of parameters as views of one zeroed buffer, into which backward passes accumulate.
torch::Tensor flat_gradients(const std::vector<std::pair<std::string, torch::Tensor>>& parameters) {
  int64_t total = 0;
  for (const auto& [key, parameter] : parameters) {
    if (parameter.scalar_type() != torch::kFloat32) {
      fail("Trainer", "{} is {}; weights that train must be float32", key, toString(parameter.scalar_type()));
    }
    total += parameter.numel();
  }
  auto flat = torch::zeros(total, parameters.front().second.options().requires_grad(false));
  int64_t offset = 0;
  for (const auto& [key, parameter] : parameters) {
    parameter.mutable_grad() = flat.narrow(0, offset, parameter.numel()).view(parameter.sizes());
    offset += parameter.numel();
  }
  return flat;
}

}  // namespace

void TrainOptions::validate() const {
  const auto require = [](bool good, const char* field, const char* rule, auto value) {
    if (!good) fail("TrainOptions", "{} must be {}, got {}", field, rule, value);
  };
  require(epochs >= 1, "epochs", "at least 1", epochs);
  require(batch_size >= 1, "batch_size", "at least 1", batch_size);
  require(micro_batch >= 1, "micro_batch", "at least 1", micro_batch);
  require(lr > 0 && std::isfinite(lr), "lr", "above 0", lr);
  require(schedule.drop_after_epoch >= 0, "schedule.drop_after_epoch", "0 or more", schedule.drop_after_epoch);
  require(schedule.factor > 0 && std::isfinite(schedule.factor), "schedule.factor", "above 0", schedule.factor);
  require(workers >= 0, "workers", "0 or more", workers);
  require(save_minutes >= 0, "save_minutes", "0 or more", save_minutes);
  loss.validate();
  if (objective == Objective::kSam && trainable != Trainable::kAll) {
    fail("TrainOptions", "objective sam trains SAM itself, and trainable is hq: set trainable to all");
  }
}

std::vector<std::pair<std::string, torch::Tensor>> select_trainable(SamHq& model, Trainable trainable) {
  std::vector<std::pair<std::string, torch::Tensor>> selected;
  for (auto& item : model->named_parameters()) {
    const bool wanted = item.value().is_floating_point() && (trainable == Trainable::kAll || is_hq_key(item.key()));
    item.value().requires_grad_(wanted);
    if (wanted) selected.emplace_back(item.key(), item.value());
  }
  return selected;
}

Trainer::Trainer(SamHq model, TrainOptions options, std::shared_ptr<Group> group)
    : model_(std::move(model)), options_(std::move(options)), group_(std::move(group)) {
  options_.validate();
  if (options_.objective == Objective::kHq && !model_->has_hq()) {
    fail("Trainer", "objective hq needs a model with HQ modules, and this one has none");
  }
  model_->eval();
  parameters_ = select_trainable(model_, options_.trainable);
  if (options_.objective == Objective::kSam) {  // SAM's pass does not reach the HQ modules
    std::erase_if(parameters_, [](auto& item) {
      if (is_hq_key(item.first)) item.second.requires_grad_(false);
      return is_hq_key(item.first);
    });
  }
  gradients_ = flat_gradients(parameters_);
  std::vector<torch::Tensor> tensors;
  for (const auto& [key, parameter] : parameters_) {
    tensors.push_back(parameter);
    trains_encoder_ = trains_encoder_ || key.starts_with("image_encoder.");
  }
  bf16_ =
      options_.precision == Precision::kBf16 || (options_.precision == Precision::kAuto && model_->device().is_cuda());
  optimizer_ = std::make_unique<torch::optim::Adam>(
      tensors, torch::optim::AdamOptions(options_.lr).betas({0.9, 0.999}).eps(1e-8).weight_decay(0));
}

double Trainer::learning_rate(int64_t epoch) const {
  return epoch < options_.schedule.drop_after_epoch ? options_.lr : options_.lr * options_.schedule.factor;
}

StepLoss Trainer::step(const std::vector<TrainingRow>& rows, int64_t epoch) {
  const auto counts = gradients_.options().dtype(torch::kFloat64);
  auto batch_rows = torch::full(1, static_cast<double>(rows.size()), counts);
  group_->all_reduce_sum(batch_rows);
  const auto total = batch_rows.item<double>();
  if (total < 1) fail("Trainer::step", "the batch has no rows");

  gradients_.zero_();
  // Sorted over the whole batch, so that most micro batches go through the decoder in one piece.
  const auto sorted = sort_by_prompt(rows);
  std::vector<torch::Tensor> losses = {torch::zeros({kLossParts, 0}, counts)};
  const auto micro = static_cast<size_t>(options_.micro_batch);
  for (size_t begin = 0; begin < sorted.size(); begin += micro) {
    const auto part = std::span(sorted).subspan(begin, std::min(micro, sorted.size() - begin));
    losses.push_back(backward(part, epoch, total).to(torch::kFloat64));
  }
  const StepLoss loss = reduce(sorted, torch::cat(losses, 1), total);
  static_cast<torch::optim::AdamOptions&>(optimizer_->param_groups().front().options()).lr(learning_rate(epoch));
  optimizer_->step();
  return loss;
}

// Adds the micro batch's share to the gradients; returns its losses, [kLossParts, rows].
torch::Tensor Trainer::backward(std::span<const TrainingRow* const> rows, int64_t epoch, double batch_rows) {
  const MicroBatch batch = stack_rows(rows, options_.seed, epoch, options_.loss, model_->device());
  const DecoderOutput output = forward(batch);
  const auto losses_of = options_.objective == Objective::kHq ? hq_losses : sam_losses;
  const RowLosses losses = losses_of(output, batch.labels, batch.draws, options_.loss);
  (losses.loss.sum() / batch_rows).backward();
  return torch::stack({losses.loss, losses.mask, losses.dice, losses.iou}).detach();
}

DecoderOutput Trainer::forward(const MicroBatch& batch) {
  // Prompts stay in fp32: bf16 would blur their positions.
  std::vector<PromptEmbeddings> prompts;
  std::vector<int64_t> rows;
  for (const PromptGroup& group : batch.groups) {
    prompts.push_back(model_->prompt_encoder(group.prompts));
    rows.push_back(group.rows);
  }
  const auto image_pe = model_->prompt_encoder->dense_pe();

  const bool hq = options_.objective == Objective::kHq;
  const Bf16Scope autocast(model_->device().type(), bf16_);
  ImageFeatures features;
  {
    const torch::AutoGradMode with_gradients(trains_encoder_);
    features = model_->encode(batch.images);
  }
  const auto embeddings = features.image_embeddings.split_with_sizes(rows);
  std::vector<torch::Tensor> hq_features(rows.size());
  if (hq) hq_features = model_->mask_decoder->hq_features(features).split_with_sizes(rows);

  std::vector<torch::Tensor> masks, iou;
  for (size_t i = 0; i < rows.size(); ++i) {
    const DecoderOutput output =
        model_->mask_decoder->forward({embeddings[i], image_pe, prompts[i].sparse, prompts[i].dense, hq_features[i]},
                                      hq ? DecoderPass::kHqOnly : DecoderPass::kSam);
    masks.push_back(hq ? output.masks_hq : output.masks_sam);
    if (!hq) iou.push_back(output.iou);
  }
  DecoderOutput output;
  (hq ? output.masks_hq : output.masks_sam) = torch::cat(masks);
  if (!hq) output.iou = torch::cat(iou);
  return output;
}

// Sums gradients and losses over ranks; throws Error where they are not finite.
StepLoss Trainer::reduce(const std::vector<const TrainingRow*>& rows, const torch::Tensor& losses, double batch_rows) {
  auto sums = losses.sum(1);
  group_->all_reduce_sum(sums);
  if (group_->size() > 1) group_->all_reduce_sum(gradients_);
  const auto means = (sums / batch_rows).cpu();
  if (!std::isfinite(means[kTotal].item<double>())) {
    const auto finite = losses[kTotal].isfinite().cpu();
    std::vector<const TrainingRow*> bad;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!finite[static_cast<int64_t>(i)].item<bool>()) bad.push_back(rows[i]);
    }
    fail("Trainer::step", "the loss of {} is not finite: {}", names_of(bad), kNotFiniteAdvice);
  }
  if (!std::isfinite(gradients_.norm().item<double>())) {
    fail("Trainer::step", "a gradient is not finite in a batch with {}: {}", names_of(rows), kNotFiniteAdvice);
  }
  return {means[kTotal].item<double>(), means[kMask].item<double>(), means[kDice].item<double>(),
          means[kIou].item<double>()};
}

}  // namespace hqsam
