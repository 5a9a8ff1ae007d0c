// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/metrics_log.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

// The number under `key`; without one, larger than any.
int64_t number(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number_integer() ? found->get<int64_t>()
                                                           : std::numeric_limits<int64_t>::max();
}

bool belongs(const std::string& text, int64_t step, int64_t epochs) {
  const auto line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object() || number(line, "step") > step) return false;
  return line.value("type", nlohmann::json()) != "epoch" || number(line, "epoch") <= epochs;
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path path) : path_(std::move(path)), stream_(path_, std::ios::app) {
  if (!stream_) fail("MetricsLog", "cannot open {} for writing", path_.string());
}

void MetricsLog::write(const nlohmann::ordered_json& line) {
  stream_ << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n" << std::flush;
  if (!stream_) fail("MetricsLog", "cannot write {}: is the disk full?", path_.string());
}

void cut_metrics(const std::filesystem::path& path, int64_t step, int64_t epochs) {
  if (!std::filesystem::exists(path)) return;
  const std::string content = read_file(path);
  std::istringstream lines(content);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!lines.eof() && belongs(line, step, epochs)) kept += line + "\n";
  }
  if (kept != content) write_file(path, kept);
}

}  // namespace hqsam
