// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <string>

#include "golden_path.h"
#include "hqsam/core/error.h"
#include "hqsam/tensorfile/tensor_map.h"

// What tests of torch rooms share: goldens (tests/golden/README.md says where they come from) and comparisons.
namespace hqsam::testing_support {

inline TensorMap golden(const std::string& file) { return read_tensors(golden_path(file)); }

// A golden's sizes are in its metadata, and what those leave out is in its tensors' shapes: goldens of other sizes pass
// the same tests.

// The metadata's "config", an object, together with the metadata's other keys that hold JSON.
inline nlohmann::json golden_config(const TensorMap& map) {
  nlohmann::json config = nlohmann::json::object();
  for (const auto& [key, text] : map.metadata) {
    const auto value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (value.is_discarded()) continue;  // words
    if (key == "config") {
      config.update(value);
    } else {
      config[key] = value;
    }
  }
  return config;
}

// How many tensors there are whose names are the two parts around a number that counts from 0 ("step" 1 ".loss").
inline int64_t count_numbered(const TensorMap& map, const std::string& before, const std::string& after) {
  int64_t count = 0;
  while (map.find(before + std::to_string(count) + after) != nullptr) ++count;
  EXPECT_GT(count, 0) << "no tensor is named '" << before << "0" << after << "'";
  return count;
}

// Largest difference relative to the largest magnitude of `expected`; on any devices.
inline double relative_difference(const torch::Tensor& actual, const torch::Tensor& expected) {
  if (expected.numel() == 0) return 0;
  const auto exact = expected.cpu().to(torch::kFloat64);
  const auto scale = exact.abs().max().item<double>();
  return (actual.cpu().to(torch::kFloat64) - exact).abs().max().item<double>() / std::max(scale, 1e-30);
}

inline void expect_close(const torch::Tensor& actual, const torch::Tensor& expected, double tolerance = 1e-4,
                         const std::string& what = "") {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_LE(relative_difference(actual, expected), tolerance) << what;
}

// Fills a module from the golden's tensors named prefix + key; each of its tensors must be there.
inline void load_module(torch::nn::Module& module, const TensorMap& map, const std::string& prefix) {
  torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) item.value().copy_(map.at(prefix + item.key()));
  for (auto& item : module.named_buffers()) item.value().copy_(map.at(prefix + item.key()));
}

// What the Error thrown by action says, in one line; "" where it throws none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "more than one line: " << error.what();
    return error.what();
  }
  return "";
}

}  // namespace hqsam::testing_support
