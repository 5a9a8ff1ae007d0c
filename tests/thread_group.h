// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/core/error.h"

namespace hqsam::testing_support {

// A group whose ranks are threads of this process.
class ThreadGroup final : public Group {
 public:
  struct Hub {
    explicit Hub(int64_t size) : tensors(size), texts(size) {}
    std::mutex mutex;
    std::condition_variable turned;
    std::vector<torch::Tensor> tensors;
    std::vector<std::string> texts;
    size_t arrived = 0, turns = 0;
    std::string aborted;
  };

  ThreadGroup(std::shared_ptr<Hub> hub, int64_t rank) : hub_(std::move(hub)), rank_(rank) {}
  int64_t rank() const override { return rank_; }
  int64_t size() const override { return static_cast<int64_t>(hub_->texts.size()); }
  void all_reduce_sum(torch::Tensor tensor) override {
    const torch::NoGradGuard no_grad;
    hub_->tensors[rank_] = tensor.clone();
    barrier();
    auto sum = hub_->tensors[0].clone();
    for (int64_t i = 1; i < size(); ++i) sum += hub_->tensors[i];
    barrier();
    tensor.copy_(sum);
  }
  std::vector<std::string> all_gather_bytes(const std::string& mine) override {
    hub_->texts[rank_] = mine;
    barrier();
    auto all = hub_->texts;
    barrier();
    return all;
  }
  void broadcast(torch::Tensor tensor, int64_t root) override {
    const torch::NoGradGuard no_grad;
    if (rank_ == root) hub_->tensors[root] = tensor.clone();
    barrier();
    tensor.copy_(hub_->tensors[root]);
    barrier();
  }
  void barrier() override {
    std::unique_lock lock(hub_->mutex);
    const size_t turn = hub_->turns;
    if (++hub_->arrived == hub_->texts.size()) {
      hub_->arrived = 0;
      ++hub_->turns;
      hub_->turned.notify_all();
    }
    hub_->turned.wait(lock, [&] { return hub_->turns != turn || !hub_->aborted.empty(); });
    if (hub_->turns == turn) throw Error(hub_->aborted);
  }
  void abort(const std::string& message) noexcept override {
    const std::lock_guard lock(hub_->mutex);
    if (hub_->aborted.empty()) hub_->aborted = fmt::format("rank {} stopped: {}", rank_, message);
    hub_->turned.notify_all();
  }

 private:
  std::shared_ptr<Hub> hub_;
  int64_t rank_;
};

// Runs work(group) on `size` ranks at once; the messages of their Errors, "" where a rank had none.
inline std::vector<std::string> run_ranks(int64_t size, const std::function<void(std::shared_ptr<Group>)>& work) {
  const auto hub = std::make_shared<ThreadGroup::Hub>(size);
  std::vector<std::string> errors(size);
  std::vector<std::jthread> threads;
  for (int64_t rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      torch::set_num_threads(1);
      try {
        work(std::make_shared<ThreadGroup>(hub, rank));
      } catch (const std::exception& error) {
        errors[rank] = error.what();
      }
    });
  }
  threads.clear();
  return errors;
}

}  // namespace hqsam::testing_support
