// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

// Formats %* of the pattern: the message, without the control characters that a foreign file name may contain.
class ShownMessage : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& line) override {
    const std::string text = shown({message.payload.data(), message.payload.size()});
    line.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<ShownMessage>(); }
};

}  // namespace

void init_logging(const std::string& level) {
  const std::vector<std::string> known = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(known.begin(), known.end(), level) == known.end()) {
    fail("init_logging", "--log-level is one of {}, got '{}'{}", fmt::join(known, ", "), level,
         did_you_mean(level, known));
  }
  auto logger = std::make_shared<spdlog::logger>("hqsam", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<ShownMessage>('*').set_pattern("%^%l%$: %*");
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace hqsam
