// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_rows.h"

#include <map>
#include <tuple>

namespace hqsam {

std::vector<std::vector<int64_t>> prompt_batches(const std::vector<PromptRow>& rows, int64_t max_rows) {
  using Shape = std::tuple<bool, int64_t, bool>;  // box, points, mask
  std::map<Shape, size_t> open;                   // the batch of each shape that is being filled
  std::vector<std::vector<int64_t>> batches;
  for (size_t i = 0; i < rows.size(); ++i) {
    const PromptRow& row = rows[i];
    const Shape shape = {row.box.defined(), row.points.defined() ? row.points.size(0) : 0, row.mask.defined()};
    auto at = open.find(shape);
    if (at == open.end() || static_cast<int64_t>(batches[at->second].size()) == max_rows) {
      at = open.insert_or_assign(shape, batches.size()).first;
      batches.emplace_back();
    }
    batches[at->second].push_back(static_cast<int64_t>(i));
  }
  return batches;
}

PromptTensors stack_prompts(const std::vector<PromptRow>& rows, const std::vector<int64_t>& batch,
                            torch::Device device) {
  const auto stack = [&](torch::Tensor PromptRow::*part) {
    if (!(rows[batch.front()].*part).defined()) return torch::Tensor();
    std::vector<torch::Tensor> parts;
    for (const int64_t i : batch) parts.push_back(rows[i].*part);
    return torch::stack(parts).to(device);
  };
  return {stack(&PromptRow::points), stack(&PromptRow::point_labels), stack(&PromptRow::box), stack(&PromptRow::mask)};
}

}  // namespace hqsam
