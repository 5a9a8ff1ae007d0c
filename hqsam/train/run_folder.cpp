// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run_folder.h"

#include <regex>
#include <system_error>
#include <vector>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {
namespace fs = std::filesystem;

constexpr char kStateFolder[] = "state", kCheckpointFolder[] = "checkpoints";

// Files in `folder` whose name matches; none where there is no such folder.
std::vector<fs::path> matching(const fs::path& folder, const char* pattern) {
  std::vector<fs::path> found;
  const std::regex regex(pattern);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (std::regex_match(entry->path().filename().string(), regex)) found.push_back(entry->path());
  }
  return found;
}

std::vector<fs::path> checkpoints(const fs::path& root) {
  return matching(root / kCheckpointFolder, "epoch_[0-9]{4,}\\.pth");
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) fail("RunFolder", "cannot remove {}: {}", path.string(), error.message());
}

}  // namespace

fs::path RunFolder::checkpoint(int64_t epoch) const {
  return root_ / kCheckpointFolder / fmt::format("epoch_{:04}.pth", epoch);
}

bool RunFolder::holds_run() const {
  return holds_state() || holds_weights() || fs::exists(config()) || fs::exists(metrics());
}

bool RunFolder::holds_state() const { return fs::exists(state()); }

bool RunFolder::holds_weights() const {
  return fs::exists(model()) || fs::exists(best()) || !checkpoints(root_).empty();
}

void RunFolder::create() const {
  for (const fs::path& folder : {root_, root_ / kStateFolder, root_ / kCheckpointFolder}) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) fail("RunFolder", "cannot make the folder {}: {}", folder.string(), error.message());
  }
}

void RunFolder::clear() const {
  for (const fs::path& path : {state(), model(), best(), report(), metrics()}) remove_file(path);
  for (const fs::path& path : checkpoints(root_)) remove_file(path);
  remove_file(config());  // last: while it is there, the folder counts as a run's
}

void RunFolder::remove_unfinished() const {
  for (const fs::path& folder : {root_, root_ / kStateFolder, root_ / kCheckpointFolder}) {
    const auto unfinished = matching(
        folder,
        "(config\\.yaml|metrics\\.jsonl|(model|best|epoch_[0-9]{4,})\\.pth|latest\\.safetensors)\\.[0-9]+\\.tmp");
    for (const fs::path& path : unfinished) remove_file(path);
  }
}

}  // namespace hqsam
