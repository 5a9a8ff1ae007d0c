// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/safetensors_header.h"
#include "hqsam/tensorfile/tensor_bytes.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "write_safetensors";

// Large elements first, so that every tensor is aligned; else in the map's order.
std::vector<size_t> data_order(const TensorMap& map) {
  std::vector<size_t> order(map.tensors.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return map.tensors[a].second.element_size() > map.tensors[b].second.element_size();
  });
  return order;
}

// The header lists the tensors in the map's order, padded so that the data begin at a multiple of 8.
std::string make_header(const TensorMap& map, const std::vector<size_t>& order) {
  std::vector<uint64_t> begins(order.size());
  uint64_t end = 0;
  for (const size_t i : order) {
    begins[i] = end;
    end += map.tensors[i].second.nbytes();
  }
  auto header = nlohmann::ordered_json::object();
  if (!map.metadata.empty()) header["__metadata__"] = map.metadata;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto& [name, tensor] = map.tensors[i];
    if (name == "__metadata__") fail(kFunction, "no tensor can have the name '{}'", name);
    header[name] = {{"dtype", info(dtype_of(kFunction, name, tensor)).safetensors},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {begins[i], begins[i] + tensor.nbytes()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxSafetensorsHeader) {
    fail(kFunction, "the header has {} bytes, the format allows {}", text.size(), kMaxSafetensorsHeader);
  }
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const TensorMap& map) {
  check_writable(kFunction, map);
  const auto order = data_order(map);
  const std::string header = make_header(map, order);
  const uint64_t header_bytes = header.size();
  AtomicFile file(path);
  file.write(&header_bytes, sizeof header_bytes);
  file.write(header);
  for (const size_t i : order) {
    const torch::Tensor plain = plain_on_cpu(map.tensors[i].second);
    file.write(as_text(bytes_of(plain)));
  }
  file.commit();
}

}  // namespace hqsam
