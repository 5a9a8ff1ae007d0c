// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// The format's own limit on the JSON header.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

// True where the bytes begin as a safetensors file does; the rest may still be damaged.
bool looks_like_safetensors(std::span<const std::byte> file);

// Parses and checks the header of a whole safetensors file. Throws Error on anything that the format
// (https://github.com/huggingface/safetensors#format) does not allow: overlaps, holes, doubled keys,
// sizes that disagree with shape and dtype, offsets outside the file. Knows no libtorch.
TensorIndex parse_safetensors(std::span<const std::byte> file);

}  // namespace hqsam
