// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

namespace hqsam {

// The processes that work on one run. Every member is called by all ranks in the same order.
// A group of one does nothing and needs no network.
class Group {
 public:
  virtual ~Group() = default;
  virtual int64_t rank() const = 0;
  virtual int64_t size() const = 0;
  virtual void all_reduce_sum(torch::Tensor tensor) = 0;                           // in place
  virtual std::vector<std::string> all_gather_bytes(const std::string& mine) = 0;  // one per rank, in rank order
  virtual void broadcast(torch::Tensor tensor, int64_t root) = 0;                  // in place
  virtual void barrier() = 0;

  bool is_main() const { return rank() == 0; }
};

// The group of this process: RANK and WORLD_SIZE from the environment, 1 without them. Throws Error for
// WORLD_SIZE > 1: this version trains in one process.
std::shared_ptr<Group> make_group();

}  // namespace hqsam
