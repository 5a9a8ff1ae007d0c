// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hqsam {

// "hqsam 0.2.0", and on a second line what it computes with: libtorch's version, CUDA, the CPU's instructions.
std::string version_text();

}  // namespace hqsam
