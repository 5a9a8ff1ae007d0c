// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/ranks.h"

#include <algorithm>

#include "hqsam/core/error.h"

namespace hqsam {

void require_equal(Group& group, const std::string& mine, const std::string& what) {
  const auto all = group.all_gather_bytes(mine);
  std::vector<size_t> others;
  for (size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) others.push_back(rank);
  }
  if (others.empty()) return;
  fail("run_training", "{} of rank {} is not that of rank 0: all ranks need the same files, config and program", what,
       fmt::join(others, ", "));
}

void broadcast_model(SamHq& model, Group& group) {
  if (group.size() == 1) return;
  const torch::NoGradGuard no_grad;
  const auto tensors = named_tensors(model);
  std::string shapes;
  for (const auto& [key, tensor] : tensors) {
    shapes += fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"), toString(tensor.scalar_type()));
  }
  require_equal(group, shapes, "the model");
  for (const auto& [key, tensor] : tensors) group.broadcast(tensor.detach(), 0);
}

bool any_rank(Group& group, bool mine) {
  if (group.size() == 1) return mine;
  const auto all = group.all_gather_bytes(mine ? "1" : "0");
  return std::find(all.begin(), all.end(), "1") != all.end();
}

std::string from_main(Group& group, const std::string& mine) { return group.all_gather_bytes(mine).front(); }

}  // namespace hqsam
