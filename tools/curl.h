// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace hqsam {

inline constexpr int kNoCurl = 127;  // the shell's exit code for a missing command

struct CurlEnd {
  int code;            // curl's exit code, or kNoCurl
  std::string errors;  // its last line on stderr
};

// Runs curl to its end, and meanwhile() several times a second. It ends with this process. Throws Error where no
// process can be started.
CurlEnd run_curl(const std::vector<std::string>& arguments, const std::function<void()>& meanwhile);

}  // namespace hqsam
