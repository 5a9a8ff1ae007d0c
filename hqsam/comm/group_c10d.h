// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "hqsam/comm/backend.h"
#include "hqsam/comm/environment.h"
#include "hqsam/comm/group.h"
#include "hqsam/comm/rendezvous.h"
#include "hqsam/comm/watch.h"

namespace hqsam {

// A group of several processes over one of c10d's transports.
class C10dGroup final : public Group {
 public:
  // Returns when all ranks have met and are connected.
  C10dGroup(const RankEnvironment& environment, const GroupOptions& options);
  ~C10dGroup() override;

  int64_t rank() const override { return rank_; }
  int64_t size() const override { return size_; }
  void all_reduce_sum(torch::Tensor tensor) override;
  std::vector<std::string> all_gather_bytes(const std::string& mine) override;
  void broadcast(torch::Tensor tensor, int64_t root) override;
  void barrier() override;
  void abort(const std::string& message) noexcept override;

 private:
  using Work = c10::intrusive_ptr<c10d::Work>;

  // Runs one collective under the watch: Error with the watch's verdict where it fails.
  void run(const std::string& operation, const std::function<void()>& collective);
  void wait(const Work& work);
  void all_reduce_in_place(std::vector<torch::Tensor>& tensors);
  void broadcast_in_place(std::vector<torch::Tensor>& tensors, int64_t root);
  void abandon() noexcept;

  std::vector<size_t> gather_lengths(size_t mine);

  int64_t rank_, size_;
  torch::Device device_;
  Seal seal_;
  int64_t gathers_ = 0;  // so far, by all_gather_bytes
  Rendezvous meeting_;
  c10::intrusive_ptr<c10d::Backend> backend_;
  Watch watch_;  // ends first, while the store is there
};

}  // namespace hqsam
