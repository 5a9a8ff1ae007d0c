// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "hqsam/tensorfile/file_parts.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// The format's own limit on the JSON header.
inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;

// True where the bytes begin as a safetensors file does; the rest may still be damaged.
bool looks_like_safetensors(std::span<const std::byte> front);

// Parses and checks the header of a safetensors file; no more of the file is read. Throws Error on anything that the
// format (https://github.com/huggingface/safetensors#format) does not allow: overlaps, holes, doubled keys, sizes that
// disagree with shape and dtype, offsets outside the file. Knows no libtorch.
TensorIndex parse_safetensors(const FileParts& file);

}  // namespace hqsam
