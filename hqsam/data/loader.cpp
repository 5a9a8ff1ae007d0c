// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/loader.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <stop_token>
#include <thread>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"

namespace hqsam {

// Rows live in a ring of `prefetch` slots. A worker claims the next row once its slot is free, so no more than
// `prefetch` rows are claimed and not yet taken.
struct Loader::Impl {
  struct Slot {
    std::optional<TrainingRow> row;
    std::exception_ptr error;
  };

  const TrainingSet& set;
  const int64_t epoch;
  const std::vector<int64_t> order, positions;
  const int64_t end;               // rows in all
  int64_t taken = 0, claimed = 0;  // next row to hand out, to claim
  std::vector<Slot> slots;
  std::mutex mutex;
  std::condition_variable row_ready;
  std::condition_variable_any slot_free;
  double waited = 0;
  std::vector<std::jthread> workers;  // last: joined before the rest goes

  Impl(const TrainingSet& set, int64_t epoch, std::vector<int64_t> positions)
      : set(set),
        epoch(epoch),
        order(set.order(epoch)),
        positions(std::move(positions)),
        end(static_cast<int64_t>(this->positions.size())) {}

  ~Impl() {
    for (std::jthread& worker : workers) worker.request_stop();
  }

  Slot& slot(int64_t row) { return slots[row % slots.size()]; }
  TrainingRow make(int64_t row) const { return set.row(epoch, positions[row], order[positions[row]]); }

  // The row to prepare next; nothing at the end or on a stop.
  std::optional<int64_t> claim(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    const auto may_claim = [&] { return claimed == end || claimed - taken < static_cast<int64_t>(slots.size()); };
    if (!slot_free.wait(lock, stop, may_claim) || stop.stop_requested() || claimed == end) return std::nullopt;
    return claimed++;
  }

  void work(const std::stop_token& stop) {
    while (const std::optional<int64_t> row = claim(stop)) {
      Slot result;
      try {
        result.row = make(*row);
      } catch (...) {
        result.error = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      slot(*row) = std::move(result);
      row_ready.notify_one();
    }
  }

  TrainingRow take() {
    if (workers.empty()) {
      TrainingRow row = make(taken);
      ++taken;
      return row;
    }
    std::unique_lock lock(mutex);
    Slot& ready = slot(taken);
    row_ready.wait(lock, [&] { return ready.row || ready.error; });
    if (ready.error) std::rethrow_exception(ready.error);
    TrainingRow row = std::move(*ready.row);
    ready.row.reset();
    ++taken;
    slot_free.notify_all();
    return row;
  }
};

namespace {

void check_range(const TrainingSet& set, int64_t first, int64_t end) {
  if (first < 0 || first > end || end > set.size()) {
    fail("Loader", "rows {} to {} are not within the epoch's {}", first, end, set.size());
  }
}

std::vector<int64_t> range(const TrainingSet& set, int64_t first, int64_t end) {
  check_range(set, first, end);
  std::vector<int64_t> positions(end - first);
  std::iota(positions.begin(), positions.end(), first);
  return positions;
}

}  // namespace

Loader::Loader(const TrainingSet& set, int64_t epoch, int64_t first, int64_t end, int64_t workers, int64_t prefetch)
    : Loader(set, epoch, range(set, first, end), workers, prefetch) {}

Loader::Loader(const TrainingSet& set, int64_t epoch, std::vector<int64_t> positions, int64_t workers,
               int64_t prefetch) {
  for (const int64_t position : positions) check_range(set, position, position + 1);
  if (workers < 0 || workers > 1024) fail("Loader", "workers must be in 0..1024, got {}", workers);
  if (prefetch < 1) fail("Loader", "prefetch must be at least 1, got {}", prefetch);
  impl_ = std::make_unique<Impl>(set, epoch, std::move(positions));
  impl_->slots.resize(prefetch);
  for (int64_t i = 0; i < workers; ++i) {
    impl_->workers.emplace_back([impl = impl_.get()](const std::stop_token& stop) { impl->work(stop); });
  }
}

Loader::~Loader() = default;

std::vector<TrainingRow> Loader::next(int64_t count) {
  if (count < 0 || count > impl_->end - impl_->taken) {
    fail("Loader::next", "{} rows wanted, {} left in the epoch", count, impl_->end - impl_->taken);
  }
  const auto start = std::chrono::steady_clock::now();
  std::vector<TrainingRow> rows;
  rows.reserve(count);
  for (int64_t i = 0; i < count; ++i) rows.push_back(impl_->take());
  impl_->waited += seconds_since(start);
  return rows;
}

double Loader::seconds_waited() const { return impl_->waited; }

}  // namespace hqsam
