// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "hqsam/core/geometry.h"

namespace hqsam {

// A PNG of 16 bits gray in memory; values are row-major. Throws Error unless there are height * width of them.
std::string encode_gray16(std::span<const uint16_t> values, Size size);

}  // namespace hqsam
