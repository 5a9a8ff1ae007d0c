// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

// A number with its sign, green above and red below zero; HTML. Of an interval its mean, without colour where the
// interval holds zero.
std::string signed_cell(double value);
std::string signed_cell(const Interval& interval);

std::string interval_text(const Interval& interval);  // "[+1.00, +2.00]"
std::string unclear_text(const Interval& interval);   // ": holds 0, so these masks cannot tell", or ""

// "62 masks of 25 pictures"; "25 pictures" without masks.
std::string masks_text(int64_t masks, int64_t pictures);

}  // namespace hqsam
