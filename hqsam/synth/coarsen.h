// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/random.h"
#include "hqsam/mask/mask.h"

namespace hqsam {

// A rough mask out of a fine one, as a hurried annotator would draw it: closed, smoothed, thin parts
// thickened or lost. Deterministic in the stream.
Mask coarsen(const Mask& fine, RandomStream& stream);

}  // namespace hqsam
