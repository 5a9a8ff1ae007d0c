// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/errno_text.h"
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

bool belongs(const std::string& text, int64_t step, int64_t epochs, int64_t validated) {
  const auto line = json_object_or_nothing(text).value_or(nullptr);
  if (!line.is_object() || number(line, "step") > step) return false;
  const auto type = line.value("type", nlohmann::json());
  if (type == "epoch") return number(line, "epoch") <= epochs;
  return type != "valid" || number(line, "step") <= validated;
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail("MetricsLog", "cannot open {} for writing: {}", path_.string(), errno_text(errno));
  size_ = ::lseek(descriptor_, 0, SEEK_END);
}

MetricsLog::~MetricsLog() { ::close(descriptor_); }

void MetricsLog::write(const nlohmann::ordered_json& line) {
  waiting_ += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  append_waiting();
}

void MetricsLog::flush() {
  if (!append_waiting()) fail("MetricsLog", "cannot write {}: {}", path_.string(), errno_text(reason_));
}

// All or nothing: what a full disk cut short is taken back.
bool MetricsLog::append_waiting() {
  size_t done = 0;
  while (done < waiting_.size()) {
    const ssize_t written = ::write(descriptor_, waiting_.data() + done, waiting_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      reason_ = written == 0 ? ENOSPC : errno;
      return ::ftruncate(descriptor_, size_) == 0 && false;
    }
    done += static_cast<size_t>(written);
  }
  size_ += static_cast<int64_t>(done);
  waiting_.clear();
  return true;
}

void cut_metrics(const std::filesystem::path& path, int64_t step, int64_t epochs, int64_t validated) {
  if (!std::filesystem::exists(path)) return;
  const std::string content = read_file(path, kAnySize);
  std::istringstream lines(content);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!lines.eof() && belongs(line, step, epochs, validated)) kept += line + "\n";
  }
  if (kept != content) write_file(path, kept);
}

}  // namespace hqsam
