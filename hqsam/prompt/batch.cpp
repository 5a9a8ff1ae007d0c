// SPDX-License-Identifier: Apache-2.0
#include "hqsam/prompt/batch.h"

#include <map>

#include "hqsam/core/error.h"

namespace hqsam {

PromptShape shape_of(const Prompt& prompt) {
  return {prompt.mask_in_mask_input.defined(), prompt.points_in_input.defined() ? prompt.points_in_input.size(0) : 0,
          prompt.box_in_input.defined()};
}

std::vector<std::vector<int64_t>> prompt_batches(std::span<const Prompt> prompts, int64_t most_rows) {
  std::map<PromptShape, size_t> open;  // the batch of each shape that is being filled
  std::vector<std::vector<int64_t>> batches;
  for (size_t i = 0; i < prompts.size(); ++i) {
    const PromptShape shape = shape_of(prompts[i]);
    auto at = open.find(shape);
    if (at == open.end() || std::ssize(batches[at->second]) == most_rows) {
      at = open.insert_or_assign(shape, batches.size()).first;
      batches.emplace_back();
    }
    batches[at->second].push_back(static_cast<int64_t>(i));
  }
  return batches;
}

PromptTensors stack_prompts(std::span<const Prompt> prompts, const std::vector<int64_t>& batch, torch::Device device) {
  if (prompts[batch.front()].is_empty()) fail("stack_prompts", "a prompt has neither a box, points nor a mask");
  const auto stack = [&](torch::Tensor Prompt::*part) {
    if (!(prompts[batch.front()].*part).defined()) return torch::Tensor();
    std::vector<torch::Tensor> parts;
    for (const int64_t i : batch) parts.push_back(prompts[i].*part);
    return copy_to(torch::stack(parts), device);
  };
  return {stack(&Prompt::points_in_input), stack(&Prompt::point_labels), stack(&Prompt::box_in_input),
          stack(&Prompt::mask_in_mask_input)};
}

torch::Tensor copy_to(const torch::Tensor& tensor, torch::Device device) {
  return device.is_cuda() ? tensor.pin_memory().to(device, /*non_blocking=*/true) : tensor.to(device);
}

}  // namespace hqsam
