// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/group.h"

#include <c10/util/Logging.h>

#include <cstdlib>

#include "hqsam/comm/backend.h"
#include "hqsam/comm/environment.h"
#include "hqsam/comm/group_c10d.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

class GroupOfOne final : public Group {
 public:
  int64_t rank() const override { return 0; }
  int64_t size() const override { return 1; }
  void all_reduce_sum(torch::Tensor) override {}
  std::vector<std::string> all_gather_bytes(const std::string& mine) override { return {mine}; }
  void broadcast(torch::Tensor, int64_t) override {}
  void barrier() override {}
};

// Silences libtorch's messages about broken connections; ours name the rank at fault.
void quiet_libtorch() {
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = 3;  // fatal only
}

}  // namespace

void GroupOptions::validate() const {
  if (timeout <= timeout.zero()) fail("GroupOptions", "timeout is {} ms: it must be positive", timeout.count());
}

std::shared_ptr<Group> make_group(const GroupOptions& options) {
  options.validate();
  const RankEnvironment environment = read_rank_environment();
  if (environment.size == 1) return std::make_shared<GroupOfOne>();
  if (options.device.is_cuda()) require_nccl();
  quiet_libtorch();
  return std::make_shared<C10dGroup>(environment, options);
}

void require_equal(Group& group, const std::string& mine, std::string_view function, std::string_view what) {
  const auto all = group.all_gather_bytes(mine);
  std::vector<size_t> others;
  for (size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) others.push_back(rank);
  }
  if (others.empty()) return;
  fail(function, "{} of rank {} is not that of rank 0: all ranks need the same files, config and program", what,
       fmt::join(others, ", "));
}

}  // namespace hqsam
