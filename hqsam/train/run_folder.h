// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/core/folder_lock.h"

namespace hqsam {

// The folder of a training run: what lies where. What looks into folders throws Error where one cannot be listed.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config() const { return root_ / "config.yaml"; }
  std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  std::filesystem::path model() const { return root_ / "model.pth"; }
  std::filesystem::path best() const { return root_ / "best.pth"; }
  std::filesystem::path report() const { return root_ / "report.html"; }
  std::filesystem::path lock() const { return root_ / "state" / "lock"; }
  std::filesystem::path launch() const { return root_ / "state" / "launch"; }
  std::filesystem::path start() const { return root_ / "state" / "start.jsonl"; }
  std::filesystem::path state(int64_t number) const;      // state/state_000001.safetensors
  std::filesystem::path checkpoint(int64_t epoch) const;  // after that many epochs: checkpoints/epoch_0001.pth

  std::vector<std::filesystem::path> states() const;  // oldest first
  static int64_t state_number(const std::filesystem::path& state);

  bool holds_run() const;  // anything a run leaves
  bool holds_state() const { return !states().empty(); }
  bool holds_weights() const;  // model.pth, best.pth or a checkpoint
  // Makes the folder and those in it. Throws Error with the path.
  void create() const;
  // The launch that began the run, "" where none did. Throws Error with the path.
  std::string launch_id() const;
  void set_launch_id(const std::string& id) const;
  // Removes what a run leaves but lock() and launch(), the states first, and nothing else. Throws Error with the path.
  void clear() const;
  // Removes the unfinished files of processes that were killed while they wrote. Throws Error with the path.
  void remove_unfinished() const;

 private:
  std::filesystem::path root_;
};

// Held while a process trains in a folder. Throws Error when another holds it.
class RunLock : public FolderLock {
 public:
  explicit RunLock(const std::filesystem::path& path);
};

}  // namespace hqsam
