// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "hqsam/ops/cuda.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam::testing_support {

// The CPU, and the GPU where there is one. What must hold on both is tested over all of them.
inline std::vector<torch::Device> devices() {
  std::vector<torch::Device> all = {torch::kCPU};
  if (!torch::cuda::is_available()) return all;
  set_up_cuda();
  all.emplace_back(torch::kCUDA, 0);
  return all;
}

// A test suite with a device: TEST_P(Suite, Name) uses GetParam(), OVER_DEVICES(Suite) runs it on each.
using OverDevices = ::testing::TestWithParam<torch::Device>;
#define OVER_DEVICES(Suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(On, Suite, ::testing::ValuesIn(testing_support::devices()), \
                           [](const auto& device) { return device.param.is_cuda() ? "cuda" : "cpu"; })

inline TensorMap to_device(TensorMap map, torch::Device device) {
  for (auto& [key, tensor] : map.tensors) tensor = tensor.to(device);
  return map;
}

}  // namespace hqsam::testing_support
