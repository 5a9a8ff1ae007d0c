// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace hqsam {

struct BackendOptions {
  c10::intrusive_ptr<c10d::Store> store;
  int rank = 0, size = 1;
  torch::Device device = torch::kCPU;
  std::string address;       // where the others reach this rank
  bool one_machine = false;  // only loopback is listened at
  std::chrono::milliseconds timeout{};
};

// The transports, which connect the ranks. They throw what c10d throws.
c10::intrusive_ptr<c10d::Backend> make_gloo_backend(const BackendOptions& options);
c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const BackendOptions& options);

// Throws Error in a build without NCCL.
void require_nccl();

}  // namespace hqsam
