// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/mask/packed.h"

namespace hqsam {

// rle_encode of the mask, out of its bits: the whole picture is never unpacked.
Rle rle_encode(const PackedMask& mask);

}  // namespace hqsam
