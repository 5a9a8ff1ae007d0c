// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/micro_batch.h"

#include <algorithm>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Rows with equal keys share a group.
std::pair<PromptType, int64_t> group_key(const TrainingRow& row) {
  const bool points = row.prompt.type == PromptType::kPoints;
  return {row.prompt.type, points ? row.prompt.points_in_input.size(0) : 0};
}

const torch::Tensor& prompt_tensor(const TrainingRow& row) {
  const Prompt& prompt = row.prompt;
  const torch::Tensor& tensor = prompt.type == PromptType::kBox      ? prompt.box_in_input
                                : prompt.type == PromptType::kPoints ? prompt.points_in_input
                                                                     : prompt.mask_in_mask_input;
  if (!tensor.defined()) fail("stack_rows", "{}: the prompt lacks the tensor of its type", row.name);
  return tensor;
}

// To a GPU from pinned memory, so that the copy runs while the host goes on.
torch::Tensor to_device(const torch::Tensor& tensor, torch::Device device) {
  return device.is_cuda() ? tensor.pin_memory().to(device, /*non_blocking=*/true) : tensor.to(device);
}

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

PromptGroup make_group(std::span<const TrainingRow* const> rows, torch::Device device) {
  std::vector<torch::Tensor> tensors;
  for (const TrainingRow* row : rows) tensors.push_back(prompt_tensor(*row));
  const auto stacked = to_device(torch::stack(tensors), device);
  PromptGroup group;
  group.rows = static_cast<int64_t>(rows.size());
  switch (rows.front()->prompt.type) {
    case PromptType::kBox:
      group.prompts.boxes = stacked;
      break;
    case PromptType::kPoints:
      group.prompts.points = stacked;
      group.prompts.point_labels = torch::ones({stacked.size(0), stacked.size(1)}, stacked.options());
      break;
    case PromptType::kNoisyMask:
      group.prompts.masks = stacked;
      break;
  }
  return group;
}

}  // namespace

std::vector<const TrainingRow*> sort_by_prompt(const std::vector<TrainingRow>& rows) {
  std::vector<const TrainingRow*> sorted;
  sorted.reserve(rows.size());
  for (const TrainingRow& row : rows) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TrainingRow* a, const TrainingRow* b) { return group_key(*a) < group_key(*b); });
  return sorted;
}

torch::Tensor stack_images(std::span<const TrainingRow* const> rows, torch::Device device) {
  std::vector<torch::Tensor> images;
  for (const TrainingRow* row : rows) images.push_back(row->image);
  return stack_on(device, images);
}

MicroBatch stack_rows(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch,
                      const LossOptions& options, torch::Device device) {
  std::vector<torch::Tensor> labels, candidates, random;
  for (const TrainingRow* row : rows) {
    auto stream = random_stream(seed, epoch, row->position, Draw::kLossPoints);
    const LossDraws draws = draw_loss_points(options, stream);
    labels.push_back(row->label);
    candidates.push_back(draws.candidates);
    random.push_back(draws.random);
  }
  MicroBatch batch;
  batch.labels = stack_on(device, labels) / 255;
  batch.known = stack_known(device, rows);
  batch.draws = {to_device(torch::cat(candidates), device), to_device(torch::cat(random), device)};
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && group_key(*rows[end]) == group_key(*rows[begin])) ++end;
    batch.groups.push_back(make_group(rows.subspan(begin, end - begin), device));
    begin = end;
  }
  return batch;
}

}  // namespace hqsam
