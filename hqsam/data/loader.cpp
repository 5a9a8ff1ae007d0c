// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/left_behind.h"

namespace hqsam {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kPatience = 3s;  // that threads have to end
constexpr auto kLook = 50ms;    // between looks at a stop flag

// Rows live in a ring of `prefetch` slots. A worker claims the next row once its slot is free, so no more than
// `prefetch` rows are claimed and not yet taken. The workers own it together with the loader.
struct Line {
  struct Slot {
    std::optional<TrainingRow> row;
    std::optional<std::string> unread;  // why the row is passed over
    std::exception_ptr error;
    bool ready() const { return row || unread || error; }
  };

  const TrainingSet set;
  const int64_t epoch;
  const std::vector<int64_t> order, positions;
  const int64_t end;   // rows in all
  const bool on_call;  // rows are prepared when requested, not ahead
  int64_t taken = 0, claimed = 0, wanted = 0;
  std::vector<Slot> slots;
  bool stopping = false, failed = false;
  int64_t running = 0;  // workers that have begun
  std::mutex mutex;
  std::condition_variable row_ready, slot_free, worker_ended;

  Line(const TrainingSet& set, int64_t epoch, std::vector<int64_t> positions, bool on_call, int64_t prefetch)
      : set(set),
        epoch(epoch),
        order(set.order(epoch)),
        positions(std::move(positions)),
        end(static_cast<int64_t>(this->positions.size())),
        on_call(on_call),
        slots(static_cast<size_t>(prefetch)) {}

  Slot& slot(int64_t row) { return slots[static_cast<size_t>(row) % slots.size()]; }

  Slot make(int64_t row) const {
    const auto at = static_cast<size_t>(row);
    Slot made;
    try {
      made.row = set.row(epoch, positions[at], order[static_cast<size_t>(positions[at])]);
    } catch (const UnreadRow& error) {
      if (set.options().on_error == OnError::kSkip) {
        made.unread = error.what();
      } else {
        made.error = std::current_exception();
      }
    } catch (...) {
      made.error = std::current_exception();
    }
    return made;
  }

  bool may_claim() const {
    if (stopping || claimed == end) return true;  // there is no next row
    return !failed && claimed - taken < std::ssize(slots) && (!on_call || claimed < wanted);
  }

  // The row to prepare next; nothing at the end or on a stop.
  std::optional<int64_t> claim() {
    std::unique_lock lock(mutex);
    slot_free.wait(lock, [&] { return may_claim(); });
    if (stopping || claimed == end) return std::nullopt;
    return claimed++;
  }

  void work() {
    {
      const std::lock_guard lock(mutex);
      ++running;
    }
    while (const std::optional<int64_t> row = claim()) {
      Slot made = make(*row);
      const std::lock_guard lock(mutex);
      failed = failed || made.error;
      slot(*row) = std::move(made);
      row_ready.notify_one();
    }
    const std::lock_guard lock(mutex);
    --running;
    worker_ended.notify_all();
  }

  void want(int64_t count) {
    const std::lock_guard lock(mutex);
    wanted = taken + count;
    slot_free.notify_all();
  }

  // The next row's slot; nothing where `stop` is set and its row does not come.
  std::optional<Slot> take(const std::atomic<bool>* stop) {
    std::unique_lock lock(mutex);
    Slot& next = slot(taken);
    std::optional<Clock::time_point> last;
    while (!row_ready.wait_for(lock, kLook, [&] { return next.ready(); })) {
      if (stop != nullptr && *stop && !last) last = Clock::now() + kPatience;
      if (last && Clock::now() >= *last) return std::nullopt;
    }
    if (next.error) std::rethrow_exception(next.error);
    Slot got = std::exchange(next, {});
    ++taken;
    slot_free.notify_all();
    return got;
  }

  // Tells the workers to end; false where one did not in time.
  bool stop_workers(Clock::duration patience) {
    std::unique_lock lock(mutex);
    stopping = true;
    slot_free.notify_all();
    return worker_ended.wait_for(lock, patience, [&] { return running == 0; });
  }
};

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

struct Loader::Impl {
  std::shared_ptr<Line> line;
  std::vector<std::thread> workers;
  std::vector<std::string> unread;
  double waited = 0;
  bool hangs = false;  // a row did not come

  ~Impl() {
    const bool ended = line->stop_workers(hangs ? 0s : kPatience);
    if (!ended) note_left_behind();
    for (std::thread& worker : workers) ended ? worker.join() : worker.detach();
  }

  void start(int64_t count) {
    for (int64_t i = 0; i < count; ++i) workers.emplace_back([line = line] { line->work(); });
  }

  std::optional<std::vector<TrainingRow>> next(const std::atomic<bool>* stop, int64_t count) {
    const int64_t left = line->end - line->taken;
    if (count < 0 || count > left) fail("Loader::next", "{} rows wanted, {} left in the epoch", count, left);
    const auto start = Clock::now();
    std::vector<TrainingRow> rows;
    rows.reserve(static_cast<size_t>(count));
    line->want(count);
    for (int64_t i = 0; i < count && !hangs; ++i) {
      auto slot = line->take(stop);
      hangs = !slot;
      if (slot && slot->row) rows.push_back(std::move(*slot->row));
      if (slot && slot->unread) unread.push_back(std::move(*slot->unread));
    }
    waited += seconds_since(start);
    if (hangs) return std::nullopt;
    return rows;
  }
};

Loader::Loader(const TrainingSet& set, int64_t epoch, int64_t first, int64_t end, int64_t workers, int64_t prefetch)
    : Loader(set, epoch, range(set, first, end), workers, prefetch) {}

Loader::Loader(const TrainingSet& set, int64_t epoch, std::vector<int64_t> positions, int64_t workers,
               int64_t prefetch) {
  for (const int64_t position : positions) check_range(set, position, position + 1);
  if (workers < 0 || workers > 1024) fail("Loader", "workers must be in 0..1024, got {}", workers);
  if (prefetch < 1) fail("Loader", "prefetch must be at least 1, got {}", prefetch);
  impl_ = std::make_unique<Impl>();
  impl_->line = std::make_shared<Line>(set, epoch, std::move(positions), workers == 0, prefetch);
  impl_->start(std::max<int64_t>(workers, 1));
}

Loader::~Loader() = default;

std::vector<TrainingRow> Loader::next(int64_t count) { return *impl_->next(nullptr, count); }

std::optional<std::vector<TrainingRow>> Loader::next_unless(const std::atomic<bool>& stop, int64_t count) {
  return impl_->next(&stop, count);
}

std::vector<std::string> Loader::take_unread() { return std::exchange(impl_->unread, {}); }

double Loader::seconds_waited() const { return impl_->waited; }

}  // namespace hqsam
