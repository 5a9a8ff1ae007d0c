// SPDX-License-Identifier: Apache-2.0
#include "fetch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "curl.h"
#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/sha256.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr int kCannotResume = 33;  // the server knows no ranges
constexpr int64_t kMegabyte = 1'000'000;

std::string sha256_of(const fs::path& path) {
  const OpenFile file(path);
  Progress progress("check MB", static_cast<int64_t>(file.size()) / kMegabyte);
  Sha256 hash;
  std::vector<std::byte> buffer(1 << 20);
  for (uint64_t at = 0; at < file.size();) {
    const auto piece = std::span(buffer).first(std::min<uint64_t>(buffer.size(), file.size() - at));
    file.read(at, piece);
    hash.update(piece);
    at += piece.size();
    progress.update(static_cast<int64_t>(at) / kMegabyte);
  }
  file.check_unchanged();
  return hash.finish();
}

// Describes what is wrong with the file, or "". Without a published SHA-256 the first bytes must be a checkpoint's, so
// that a saved error page is refused.
std::string fault_of(const fs::path& path, const FetchOptions& options, const std::string& sha256) {
  const uint64_t size = fs::file_size(path);
  if (options.exact && size != options.bytes) return fmt::format("{} bytes, expected {}", size, options.bytes);
  if (!options.sha256.empty()) {
    return sha256 == options.sha256 ? "" : fmt::format("its SHA-256 is {}, expected {}", sha256, options.sha256);
  }
  std::string first(std::min<uint64_t>(size, 2), '\0');
  OpenFile(path).read(0, std::as_writable_bytes(std::span(first)));
  const bool zip = first == "PK", pickle = first.starts_with('\x80');
  return zip || pickle ? "" : "it does not begin as a .pth file does";
}

// target + ".part", open and locked against another fetch of the same file.
class PartFile {
 public:
  explicit PartFile(fs::path path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("weights", "cannot write {}: {}", path_.string(), errno_text(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(descriptor_);
    fail("weights", "another process is fetching {}: wait for its end", path_.string());
  }
  ~PartFile() { ::close(descriptor_); }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const fs::path& path() const { return path_; }
  uint64_t size() const { return fs::file_size(path_); }
  void empty() const {
    if (::ftruncate(descriptor_, 0) != 0) fail("weights", "cannot empty {}: {}", path_.string(), errno_text(errno));
  }
  void become(const fs::path& target) const {
    if (::fsync(descriptor_) != 0) fail("weights", "cannot write {}: {}", path_.string(), errno_text(errno));
    fs::rename(path_, target);
  }

 private:
  fs::path path_;
  int descriptor_;
};

[[noreturn]] void fail_as_curl(const CurlEnd& end, const FetchOptions& options, const fs::path& part) {
  const std::string by_hand =
      fmt::format("or get it by other means, put it at {}, and run this again to check it", options.target.string());
  switch (end.code) {
    case kNoCurl:
      fail("weights", "there is no curl, which fetches {}: install it, {}", options.url, by_hand);
    case 5:
    case 6:
      fail("weights", "no way to {}: is there a network, and a proxy to name in https_proxy? ({}); {}", options.url,
           end.errors, by_hand);
    case 22:
      fail("weights", "{} is not given out ({}); --from takes another address", options.url, end.errors);
    case 23:
      fail("weights", "cannot write {}: is the disk full? ({})", part.string(), end.errors);
    default:
      fail("weights", "{} was interrupted ({}); {} keeps what was fetched: run this again to continue, {}", options.url,
           end.errors.empty() ? fmt::format("curl ended with {}", end.code) : end.errors, part.string(), by_hand);
  }
}

CurlEnd curl_into(const PartFile& part, const FetchOptions& options, Progress& progress) {
  std::vector<std::string> arguments = {
      "--fail", "--location",   "--silent", "--show-error",  "--retry", "2",        "--connect-timeout",
      "20",     "--speed-time", "60",       "--speed-limit", "1000",    "--output", part.path().string()};
  if (part.size() > 0) arguments.insert(arguments.end(), {"--continue-at", "-"});
  arguments.insert(arguments.end(), {"--", options.url});
  return run_curl(arguments, [&] { progress.update(static_cast<int64_t>(part.size()) / kMegabyte); });
}

void fetch_into(const PartFile& part, const FetchOptions& options) {
  if (options.exact && part.size() > options.bytes) part.empty();
  if (options.exact && part.size() == options.bytes) return;
  const uint64_t room = fs::space(part.path()).available, wanted = options.bytes - std::min(options.bytes, part.size());
  if (room < wanted) {
    fail("weights", "{} wants {} MB more, the disk has {} MB", options.target.string(), wanted / kMegabyte,
         room / kMegabyte);
  }
  Progress progress("fetch MB", static_cast<int64_t>(options.bytes) / kMegabyte,
                    static_cast<int64_t>(part.size()) / kMegabyte);
  const bool resumed = part.size() > 0;
  CurlEnd end = curl_into(part, options, progress);
  // 416: the partial file already has all bytes or more.
  if (resumed && (end.code == kCannotResume || end.errors.find("416") != std::string::npos)) {
    part.empty();
    end = curl_into(part, options, progress);
  }
  progress.finish();
  if (end.code != 0) fail_as_curl(end, options, part.path());
}

}  // namespace

Fetched fetch_file(const FetchOptions& options) {
  if (fs::exists(options.target)) {
    const std::string sha256 = sha256_of(options.target);
    const std::string fault = fault_of(options.target, options, sha256);
    if (fault.empty()) return {fs::file_size(options.target), sha256, true};
    fail("weights", "{} is there already, but is another file: {}; move it away, or name another --output",
         options.target.string(), fault);
  }
  require_writable_file("weights", options.target);
  if (!options.target.parent_path().empty()) fs::create_directories(options.target.parent_path());
  const PartFile part(fs::path(options.target) += ".part");
  fetch_into(part, options);
  const std::string sha256 = sha256_of(part.path());
  const std::string fault = fault_of(part.path(), options, sha256);
  if (!fault.empty()) {
    fs::remove(part.path());
    fail("weights", "what {} gave is another file, and was removed: {}", options.url, fault);
  }
  part.become(options.target);
  return {fs::file_size(options.target), sha256, false};
}

}  // namespace hqsam
