// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace hqsam {

// Sends spdlog's default logger to stderr, a line per message, control characters shown as text. level: trace, debug,
// info, warn, error or off; else Error.
void init_logging(const std::string& level);

}  // namespace hqsam
