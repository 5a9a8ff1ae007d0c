// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/ranks.h"

#include <algorithm>

#include "hqsam/core/error.h"

namespace hqsam {

void broadcast_model(SamHq& model, Group& group) {
  if (group.size() == 1) return;
  const torch::NoGradGuard no_grad;
  const auto tensors = named_tensors(model);
  std::string shapes;
  for (const auto& [key, tensor] : tensors) {
    shapes += fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"), toString(tensor.scalar_type()));
  }
  require_equal(group, shapes, "run_training", "the model");
  for (const auto& [key, tensor] : tensors) group.broadcast(tensor.detach(), 0);
}

bool any_rank(Group& group, bool mine) {
  if (group.size() == 1) return mine;
  const auto all = group.all_gather_bytes(mine ? "1" : "0");
  return std::find(all.begin(), all.end(), "1") != all.end();
}

std::string from_main(Group& group, const std::string& mine) { return group.all_gather_bytes(mine).front(); }

}  // namespace hqsam
