// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {
namespace {

// Rows of a [kLossParts, N] tensor of losses, and what follows the gradients in the sum over ranks.
enum LossPart : int64_t { kTotal, kMask, kDice, kIou, kLossParts };
enum Tail : int64_t { kRows = kLossParts, kStop, kGiveUp, kTailSize };

std::string names_of(const std::vector<const TrainingRow*>& rows) {
  std::vector<std::string> names;
  for (const TrainingRow* row : rows) names.push_back(row->name);
  return first_few(names);
}

constexpr const char* kMaskTokens = "mask_decoder.mask_tokens.weight";

bool is_decoder_key(const std::string& key) { return key.starts_with("mask_decoder."); }

bool is_output_token_key(const std::string& key) {
  return key == kMaskTokens || key.starts_with("mask_decoder.output_hypernetworks_mlps.0.");
}

bool is_hq_or_qkv_key(const std::string& key) {
  return is_hq_key(key) || (key.starts_with("image_encoder.") && key.ends_with(".qkv.weight"));
}

// Which of a checkpoint's keys training changes; null: all.
using KeyFilter = bool (*)(const std::string& key);

KeyFilter changed_keys(Trainable trainable) {
  switch (trainable) {
    case Trainable::kHq:
      return is_hq_key;
    case Trainable::kLora:
      return is_hq_or_qkv_key;  // the terms of low rank are added to these in what is saved
    case Trainable::kOutputToken:
      return is_output_token_key;
    case Trainable::kDecoder:
      return is_decoder_key;
    case Trainable::kAll:
      break;
  }
  return nullptr;
}

// kOutputToken: the other mask tokens stand beside SAM's own and attend to it, but stay as they are.
void drop_gradients_of_other_tokens(const NamedTensors& parameters) {
  const torch::NoGradGuard no_grad;
  for (const auto& [key, parameter] : parameters) {
    if (key == kMaskTokens) parameter.grad().slice(0, 1).zero_();
  }
}

void use_deterministic_algorithms() {
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);  // read when cuBLAS starts
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
}

}  // namespace

NamedTensors select_trainable(SamHq& model, Trainable trainable) {
  const KeyFilter wanted = trainable == Trainable::kLora ? is_hq_key : changed_keys(trainable);
  NamedTensors selected;
  for (auto& item : model->named_parameters()) {
    const bool trains = item.value().is_floating_point() && (wanted == nullptr || wanted(item.key()));
    item.value().requires_grad_(trains);
    if (trains) selected.emplace_back(item.key(), item.value());
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
  NamedTensors parameters = select_trainable(model_, options_.trainable);
  if (options_.objective != Objective::kHq) {  // SAM's pass does not reach the HQ modules
    std::erase_if(parameters, [](auto& item) {
      if (is_hq_key(item.first)) item.second.requires_grad_(false);
      return is_hq_key(item.first);
    });
  }
  if (options_.trainable == Trainable::kLora) {
    for (auto& item : attach_lora(*model_, options_.lora, options_.seed)) parameters.push_back(std::move(item));
  }
  for (const auto& [key, parameter] : parameters) {
    trains_encoder_ = trains_encoder_ || key.starts_with("image_encoder.");
  }
  bf16_ = runs_in_bf16(options_.precision, model_->device());
  flat_.emplace(std::move(parameters), kTailSize);
  frozen_.emplace(model_);
  adam_.emplace(flat_->weights());
  if (options_.ema_decay > 0) average_ = flat_->weights().clone();
  if (options_.deterministic) use_deterministic_algorithms();
}

SamHq& Trainer::model() {
  frozen_->to_fp32();
  return model_;
}

void Trainer::open_cache() {
  if (!options_.cache_features.empty() && !cache_) cache_.emplace(options_.cache_features, model(), bf16_);
}

StepResult Trainer::step(const std::vector<TrainingRow>& rows, int64_t epoch, std::optional<double> lr, Vote vote) {
  open_cache();
  if (bf16_) frozen_->to_bf16();
  flat_->sums().zero_();
  // Sorted over the whole share, so that most micro batches go through the decoder in one piece.
  const auto sorted = sort_by_prompt(rows);
  const torch::Tensor losses = accumulate(sorted, epoch);
  if (options_.trainable == Trainable::kOutputToken) drop_gradients_of_other_tokens(parameters());
  auto tail = flat_->tail();
  tail.narrow(0, kTotal, kLossParts).copy_(losses.sum(1));
  tail[kRows] = static_cast<float>(rows.size());
  tail[kStop] = vote == Vote::kGoOn ? 0.0F : 1.0F;
  tail[kGiveUp] = vote == Vote::kGiveUp ? 1.0F : 0.0F;
  group_->all_reduce_sum(flat_->sums());

  // One look at the device: the tail and the gradient's norm.
  const auto seen = torch::cat({tail, flat_->gradients().norm().unsqueeze(0)}).cpu().to(torch::kFloat64);
  const auto number = [&](int64_t i) { return seen[i].item<double>(); };
  const double total = number(kRows);
  StepResult result;
  result.rows = static_cast<int64_t>(total);
  result.stop = number(kStop) > 0;
  result.given_up = number(kGiveUp) > 0;
  if (result.given_up) return result;
  if (result.rows == 0) {
    result.skipped = true;
    result.reason = "the batch has no rows";
    return result;
  }
  result.loss = number(kTotal) / total;
  result.mask = number(kMask) / total;
  result.dice = number(kDice) / total;
  result.iou = number(kIou) / total;
  result.gradient_norm = number(kTailSize) / total;
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm)) {
    result.skipped = true;
    result.reason = blame(sorted, losses);
    return result;
  }
  const double clip = options_.clip_grad_norm;
  const double scale = clip > 0 && result.gradient_norm > clip ? clip / result.gradient_norm : 1.0;
  flat_->gradients().mul_(scale / total);
  update(lr.value_or(options_.lr));
  return result;
}

void Trainer::update(double lr) {
  RECORD_USER_SCOPE("update");
  const torch::NoGradGuard no_grad;
  adam_->step(flat_->weights(), flat_->gradients(), lr);
  if (!average_.defined()) return;
  const auto n = static_cast<double>(adam_->steps);
  average_.lerp_(flat_->weights(), 1 - std::min(options_.ema_decay, (1 + n) / (10 + n)));
}

// Which rows spoilt the step, on every rank; called by all of them.
std::string Trainer::blame(const std::vector<const TrainingRow*>& rows, const torch::Tensor& losses) {
  const auto finite = losses[kTotal].isfinite().cpu();
  std::vector<const TrainingRow*> bad;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!finite[static_cast<int64_t>(i)].item<bool>()) bad.push_back(rows[i]);
  }
  const auto joined = [&](const std::string& mine) {
    std::string all;
    for (const std::string& names : group_->all_gather_bytes(mine)) {
      if (!names.empty()) all += (all.empty() ? "" : ", ") + names;
    }
    return all;
  };
  const std::string culprits = joined(names_of(bad));
  if (!culprits.empty()) return fmt::format("the loss of {} is not finite", culprits);
  return fmt::format("a gradient is not finite in a batch with {}", joined(names_of(rows)));
}

void Trainer::swap_average() {
  if (!average_.defined()) return;
  const torch::NoGradGuard no_grad;
  const auto weights = flat_->weights().clone();
  flat_->weights().copy_(average_);
  average_.copy_(weights);
}

TensorMap Trainer::checkpoint(bool trained_only) {
  return checkpoint_of(model(), trained_only ? changed_keys(options_.trainable) : nullptr);
}

}  // namespace hqsam
