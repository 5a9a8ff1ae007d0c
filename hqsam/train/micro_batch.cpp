// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/micro_batch.h"

#include <algorithm>

#include "hqsam/prompt/batch.h"

namespace hqsam {
namespace {

// Tensors of one shape as one on the device. Each goes to its place there by itself: what is pinned
// (RowOptions::pinned) is not copied on the host.
torch::Tensor stack_on(torch::Device device, const std::vector<torch::Tensor>& tensors) {
  if (device.is_cpu()) return torch::stack(tensors);
  std::vector<int64_t> shape = tensors.front().sizes().vec();
  shape.insert(shape.begin(), static_cast<int64_t>(tensors.size()));
  const auto stacked = torch::empty(shape, tensors.front().options().pinned_memory(false).device(device));
  for (size_t i = 0; i < tensors.size(); ++i) {
    stacked[static_cast<int64_t>(i)].copy_(tensors[i], /*non_blocking=*/true);
  }
  return stacked;
}

// Undefined where every row counts everywhere.
torch::Tensor stack_known(torch::Device device, std::span<const TrainingRow* const> rows) {
  const auto has_unknown = [](const TrainingRow* row) { return row->known.defined(); };
  if (std::none_of(rows.begin(), rows.end(), has_unknown)) return {};
  std::vector<torch::Tensor> known;
  for (const TrainingRow* row : rows) known.push_back(has_unknown(row) ? row->known : torch::ones_like(row->label));
  return stack_on(device, known);
}

std::vector<PromptGroup> group_prompts(std::span<const TrainingRow* const> rows, torch::Device device) {
  std::vector<Prompt> prompts;
  for (const TrainingRow* row : rows) prompts.push_back(row->prompt);
  std::vector<PromptGroup> groups;
  for (const auto& batch : prompt_batches(prompts, std::ssize(prompts))) {
    groups.push_back({std::ssize(batch), stack_prompts(prompts, batch, device)});
  }
  return groups;
}

auto kind_of(const TrainingRow& row) { return std::pair(row.clicks, row.own_mask); }

}  // namespace

bool of_one_kind(const TrainingRow& a, const TrainingRow& b) { return kind_of(a) == kind_of(b); }

std::vector<const TrainingRow*> sort_by_prompt(const std::vector<TrainingRow>& rows) {
  std::vector<const TrainingRow*> sorted;
  sorted.reserve(rows.size());
  for (const TrainingRow& row : rows) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    if (!of_one_kind(*a, *b)) return kind_of(*a) < kind_of(*b);
    return shape_of(a->prompt) < shape_of(b->prompt);
  });
  return sorted;
}

torch::Tensor stack_images(std::span<const TrainingRow* const> rows, torch::Device device) {
  std::vector<torch::Tensor> images;
  for (const TrainingRow* row : rows) images.push_back(row->image);
  return stack_on(device, images);
}

LossDraws stack_loss_draws(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch, int64_t round,
                           const LossOptions& options, torch::Device device) {
  std::vector<torch::Tensor> candidates, random;
  for (const TrainingRow* row : rows) {
    const auto word = [](auto value) { return static_cast<uint64_t>(value); };
    RandomStream stream = random_stream(seed, epoch, row->position, Draw::kLossPoints);
    if (round > 0) {
      stream = RandomStream{seed, word(epoch), word(row->position), word(Draw::kLossPoints), word(round)};
    }
    const LossDraws draws = draw_loss_points(options, stream);
    candidates.push_back(draws.candidates);
    random.push_back(draws.random);
  }
  return {copy_to(torch::cat(candidates), device), copy_to(torch::cat(random), device)};
}

MicroBatch stack_rows(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch,
                      const LossOptions& options, torch::Device device) {
  std::vector<torch::Tensor> labels;
  for (const TrainingRow* row : rows) labels.push_back(row->label);
  MicroBatch batch;
  batch.labels = stack_on(device, labels) / 255;
  batch.known = stack_known(device, rows);
  batch.draws = stack_loss_draws(rows, seed, epoch, 0, options, device);
  batch.groups = group_prompts(rows, device);
  return batch;
}

}  // namespace hqsam
