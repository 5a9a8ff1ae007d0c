// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hqsam {

// What an errno means, in the system's words. std::strerror may hand out a text that another thread overwrites.
std::string errno_text(int error);

}  // namespace hqsam
