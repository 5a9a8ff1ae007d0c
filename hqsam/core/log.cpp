// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {

void init_logging(const std::string& level) {
  const std::vector<std::string> known = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(known.begin(), known.end(), level) == known.end()) {
    fail("init_logging", "--log-level is one of {}, got '{}'{}", fmt::join(known, ", "), level,
         did_you_mean(level, known));
  }
  auto logger = std::make_shared<spdlog::logger>("hqsam", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%^%l%$: %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace hqsam
