// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/tensor_map.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {

const torch::Tensor* TensorMap::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

const torch::Tensor& TensorMap::at(const std::string& name) const {
  const torch::Tensor* tensor = find(name);
  if (tensor == nullptr) {
    fail("TensorMap::at", "no tensor '{}' among {}{}", name, tensors.size(), did_you_mean(name, names()));
  }
  return *tensor;
}

void TensorMap::set(const std::string& name, torch::Tensor tensor) {
  for (auto& [known, value] : tensors) {
    if (known == name) {
      value = std::move(tensor);
      return;
    }
  }
  tensors.emplace_back(name, std::move(tensor));
}

std::vector<std::string> TensorMap::names() const {
  std::vector<std::string> names;
  names.reserve(tensors.size());
  for (const auto& entry : tensors) names.push_back(entry.first);
  return names;
}

}  // namespace hqsam
