// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

// A number with its sign, green above and red below zero; HTML. Of an interval its mean, without colour where the
// interval holds zero.
std::string signed_cell(double value);
std::string signed_cell(const Interval& interval);

std::string unclear_text(const Interval& interval);  // ": holds 0, so these masks cannot tell", or ""

}  // namespace hqsam
