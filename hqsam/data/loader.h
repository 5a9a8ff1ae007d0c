// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/data/training_set.h"

namespace hqsam {

// Worker threads that prepare rows ahead, at most `prefetch` of them, delivered in order. Without workers one thread
// prepares a row when next() wants it and no sooner. An exception in a worker comes out of next() when its row's turn
// comes, and out of every next() after that. With RowOptions::on_error kSkip a row that cannot be read is passed over:
// next() then gives fewer, and the others are what they would have been.
class Loader {
 public:
  // Rows first, first + 1, ... of the epoch's order up to `end` (exclusive). Throws Error unless 0 <= first <= end <=
  // set.size(), workers >= 0 and prefetch >= 1.
  Loader(const TrainingSet& set, int64_t epoch, int64_t first, int64_t end, int64_t workers, int64_t prefetch);
  // Rows at these positions of the epoch's order, a rank's share; each within the set.
  Loader(const TrainingSet& set, int64_t epoch, std::vector<int64_t> positions, int64_t workers, int64_t prefetch);
  // At any time; waits for the rows in progress, for 3 s at most. A thread that hangs in one is left behind
  // (left_behind.h); it has the data sets and all else that it needs to itself.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next `count` rows, without those passed over. Throws Error when fewer are left.
  std::vector<TrainingRow> next(int64_t count);
  // The same; nothing where `stop` is set and 3 s later a row is still not there. The loader is then of no more use.
  std::optional<std::vector<TrainingRow>> next_unless(const std::atomic<bool>& stop, int64_t count);
  // Why rows were passed over since the last call, in their order.
  std::vector<std::string> take_unread();
  double seconds_waited() const;  // time next() spent waiting (or preparing), for the data-wait share

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hqsam
