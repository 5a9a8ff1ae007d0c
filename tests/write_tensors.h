// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// .safetensors by the extension, else .pth.
inline void write_tensors(const std::filesystem::path& path, const TensorMap& map) {
  if (path.extension() == ".safetensors") return write_safetensors(path, map);
  write_pth(path, map);
}

}  // namespace hqsam
