// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/group.h"

#include <cstdlib>

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

}  // namespace

std::shared_ptr<Group> make_group() {
  const char* world_size = std::getenv("WORLD_SIZE");
  if (world_size != nullptr && std::string(world_size) != "1") {
    fail("make_group", "WORLD_SIZE is {}, and this version runs in one process: unset it", world_size);
  }
  return std::make_shared<GroupOfOne>();
}

}  // namespace hqsam
