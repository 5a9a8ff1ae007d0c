// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run_folder.h"

#include <algorithm>
#include <regex>
#include <system_error>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {
namespace fs = std::filesystem;

constexpr char kStateFolder[] = "state", kCheckpointFolder[] = "checkpoints", kSampleFolder[] = "samples",
               kEventFolder[] = "tensorboard";

// Files in `folder` whose name matches; none where there is no such folder.
std::vector<fs::path> matching(const fs::path& folder, const char* pattern) {
  std::vector<fs::path> found;
  const std::regex regex(pattern);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (std::regex_match(entry->path().filename().string(), regex)) found.push_back(entry->path());
  }
  // What cannot be seen must not count as not there: a run would begin anew.
  if (error && error != std::errc::no_such_file_or_directory) {
    fail("RunFolder", "cannot list {}: {}", folder.string(), error.message());
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

fs::path RunFolder::state(int64_t number) const {
  return root_ / kStateFolder / fmt::format("state_{:06}.safetensors", number);
}

int64_t RunFolder::state_number(const fs::path& state) { return std::stoll(state.stem().string().substr(6)); }

std::vector<fs::path> RunFolder::states() const {
  auto found = matching(root_ / kStateFolder, "state_[0-9]{6,15}\\.safetensors");
  std::sort(found.begin(), found.end(),
            [](const fs::path& a, const fs::path& b) { return state_number(a) < state_number(b); });
  return found;
}

fs::path RunFolder::checkpoint(int64_t epoch) const {
  return root_ / kCheckpointFolder / fmt::format("epoch_{:04}.pth", epoch);
}

bool RunFolder::holds_run() const {
  return holds_state() || holds_weights() || fs::exists(config()) || fs::exists(metrics());
}

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

std::string RunFolder::launch_id() const { return fs::exists(launch()) ? read_file(launch()) : ""; }

void RunFolder::set_launch_id(const std::string& id) const {
  id.empty() ? remove_file(launch()) : write_file(launch(), id);
}

void RunFolder::clear() const {
  for (const fs::path& path : matching(root_ / kStateFolder, "state_[0-9]{6,15}\\.safetensors(\\.damaged)?")) {
    remove_file(path);
  }
  for (const fs::path& path : {start(), model(), best(), report(), metrics()}) remove_file(path);
  for (const fs::path& path : checkpoints(root_)) remove_file(path);
  // What TrainingMonitor leaves.
  for (const fs::path& path : matching(root_ / kEventFolder, "events\\.out\\.tfevents\\..*")) remove_file(path);
  for (const fs::path& path :
       matching(root_ / kSampleFolder, "((step_[0-9]+|truth)_[0-9]+\\.jpg|index\\.jsonl)(\\..*)?")) {
    remove_file(path);
  }
  remove_file(config());  // last: while it is there, the folder counts as a run's
}

void RunFolder::remove_unfinished() const {
  constexpr char kOwn[] =
      "(config\\.yaml|metrics\\.jsonl|report\\.html|(model|best|epoch_[0-9]{4,})\\.pth|"
      "state_[0-9]{6,15}\\.safetensors|start\\.jsonl|launch|(truth|step)_[0-9_]+\\.jpg|index\\.jsonl)\\.[0-9]+\\.tmp";
  for (const fs::path& folder : {root_, root_ / kStateFolder, root_ / kCheckpointFolder, root_ / kSampleFolder}) {
    for (const fs::path& path : matching(folder, kOwn)) remove_file(path);
  }
}

RunLock::RunLock(const fs::path& path)
    : FolderLock(path, "RunLock",
                 fmt::format("trains in {}: wait for its end, or choose another folder",
                             path.parent_path().parent_path().string())) {}

}  // namespace hqsam
