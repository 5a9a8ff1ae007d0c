// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "hqsam/train/metrics_log.h"
#include "hqsam/train/run.h"
#include "hqsam/train/run_folder.h"
#include "hqsam/train/run_state.h"

namespace hqsam {

// What rank 0 keeps in the run's folder. Where something cannot be written, as on a full disk, what is there stays,
// what is new waits in memory, and the run goes on; each save() tries again. After three failed saves in a row, or
// failures for half an hour, save() throws Error.
class RunFiles {
 public:
  RunFiles(const RunOptions& options, int64_t keep_states);

  // Opens or makes the folder, and locks it. begun: the fingerprints of this run. Returns what to go on from, nothing
  // for a new run; throws Error as run_training says.
  std::optional<SavedRun> open(const RunState& begun);
  const RunFolder& folder() const { return folder_; }

  void log(const nlohmann::ordered_json& line);
  // What the run's start was measured as; "" where nothing is kept or can be read.
  std::string start() const;
  void keep_start(const std::string& text);  // warns where it cannot
  // Writes a checkpoint now, or with the next save that works.
  void write(const std::filesystem::path& path, TensorMap checkpoint);
  // Writes what waits, then the state; keeps the last ones. False where that failed.
  bool save(const RunState& state, const TensorMap& tensors);
  // The same, but throws Error where it failed.
  void save_or_throw(const RunState& state, const TensorMap& tensors);
  bool failing() const { return failures_ > 0; }  // the last save() failed
  double seconds_since_save() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<SavedRun> resume(const RunState& begun);
  void start_anew();
  SavedRun newest_state();
  void require_same(const RunState& now, const RunState& saved) const;
  [[noreturn]] void refuse_other_config() const;
  void write_all(const RunState& state, const TensorMap& tensors);

  const RunOptions& options_;
  RunFolder folder_;
  int64_t keep_states_, next_state_ = 1;
  std::optional<RunLock> lock_;
  std::optional<MetricsLog> log_;
  std::map<std::string, TensorMap> waiting_;  // by path
  int failures_ = 0;                          // saves in a row
  Clock::time_point failing_since_, saved_at_ = Clock::now();
};

}  // namespace hqsam
