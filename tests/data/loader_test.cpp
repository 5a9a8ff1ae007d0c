// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "data/fixtures.h"
#include "hqsam/core/left_behind.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;

// Counts and delays what the loader asks for, and fails at one sample.
class WatchedDataset : public MemoryDataset {
 public:
  WatchedDataset(int64_t count, int64_t broken, std::chrono::milliseconds delay)
      : MemoryDataset(count), broken_(broken), delay_(delay) {}
  Sample get(int64_t index) const override {
    ++gets;
    std::this_thread::sleep_for(delay_);
    if (index == broken_) fail("WatchedDataset", "sample {} is broken", index);
    return MemoryDataset::get(index);
  }
  mutable std::atomic<int64_t> gets{0};

 private:
  int64_t broken_;
  std::chrono::milliseconds delay_;
};

struct Watched {
  std::shared_ptr<WatchedDataset> dataset;
  TrainingSet set;

  explicit Watched(int64_t count, int64_t broken = -1, std::chrono::milliseconds delay = 0ms)
      : dataset(std::make_shared<WatchedDataset>(count, broken, delay)), set({{dataset, 1}}, options()) {}

  static RowOptions options() {
    RowOptions options;
    options.image_size = 64;
    options.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
    return options;
  }
};

}  // namespace

TEST(Loader, GivesTheSameBytesWithAnyNumberOfWorkers) {
  const Watched watched(20);
  Loader plain(watched.set, 3, 2, 18, 0, 1);
  const std::vector<TrainingRow> expected = plain.next(16);
  const std::vector<int64_t> order = watched.set.order(3);
  for (const int64_t workers : {1, 3}) {
    Loader loader(watched.set, 3, 2, 18, workers, 4);
    for (int64_t batch = 0; batch < 4; ++batch) {
      const std::vector<TrainingRow> rows = loader.next(4);
      ASSERT_EQ(rows.size(), 4u);
      for (int64_t i = 0; i < 4; ++i) {
        const TrainingRow& row = rows[i];
        const TrainingRow& other = expected[4 * batch + i];
        EXPECT_EQ(row.position, 2 + 4 * batch + i);
        EXPECT_EQ(row.index, order[row.position]);
        EXPECT_EQ(row.name, other.name);
        EXPECT_TRUE(torch::equal(row.image, other.image));
        EXPECT_TRUE(torch::equal(row.label, other.label));
        EXPECT_TRUE(same_prompt(row.prompt, other.prompt));
      }
    }
  }
}

TEST(Loader, PreparesNoMoreThanPrefetchRowsAhead) {
  const Watched watched(30);
  Loader loader(watched.set, 0, 0, 30, 3, 5);
  const auto settle = [&](int64_t expected) {
    for (int i = 0; i < 500 && watched.dataset->gets < expected; ++i) std::this_thread::sleep_for(10ms);
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(watched.dataset->gets, expected);
  };
  settle(5);
  loader.next(2);
  settle(7);
}

TEST(Loader, HandsOutMoreRowsAtOnceThanItPrefetches) {
  const Watched watched(12);
  Loader loader(watched.set, 0, 0, 12, 2, 2);
  EXPECT_EQ(loader.next(12).size(), 12u);
}

TEST(Loader, RethrowsAWorkersErrorWhenItsRowsTurnComes) {
  for (const int64_t workers : {0, 2}) {
    const Watched watched(10, 4);
    const std::vector<int64_t> order = watched.set.order(0);
    const int64_t turn = std::find(order.begin(), order.end(), 4) - order.begin();
    Loader loader(watched.set, 0, 0, 10, workers, 3);
    EXPECT_EQ(static_cast<int64_t>(loader.next(turn).size()), turn);
    EXPECT_PRED2(contains, error_of([&] { loader.next(1); }), "sample 4 is broken");
    EXPECT_PRED2(contains, error_of([&] { loader.next(1); }), "sample 4 is broken");
  }
}

TEST(Loader, PassesOverRowsThatCannotBeReadAndSaysWhy) {
  for (const int64_t workers : {0, 2}) {
    Watched watched(10, 4);
    RowOptions options = Watched::options();
    options.on_error = OnError::kSkip;
    const TrainingSet set({{watched.dataset, 1}}, options);
    Loader loader(set, 0, 0, 10, workers, 3);
    const auto rows = loader.next(10);
    ASSERT_EQ(rows.size(), 9u);
    const std::vector<int64_t> order = set.order(0);
    for (const TrainingRow& row : rows) {
      EXPECT_NE(row.index, 4);
      EXPECT_EQ(row.index, order[static_cast<size_t>(row.position)]);
    }
    const std::vector<std::string> unread = loader.take_unread();
    ASSERT_EQ(unread.size(), 1u);
    EXPECT_PRED2(contains, unread[0], "sample 4 is broken");
    EXPECT_TRUE(loader.take_unread().empty());
  }
}

TEST(Loader, LeavesARowThatHangsBehind) {
  const Watched watched(10, -1, 20s);
  const std::atomic<bool> stop = true;
  for (const int64_t workers : {0, 3}) {
    const auto start = std::chrono::steady_clock::now();
    {
      Loader loader(watched.set, 0, 0, 10, workers, 3);
      EXPECT_FALSE(loader.next_unless(stop, 2));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 6s);
    EXPECT_TRUE(any_left_behind());
  }
}

TEST(Loader, StopsAtAnyTime) {
  const Watched watched(100, -1, 20ms);
  const auto start = std::chrono::steady_clock::now();
  { Loader untouched(watched.set, 0, 0, 100, 3, 50); }
  {
    Loader begun(watched.set, 0, 0, 100, 3, 2);
    begun.next(1);
  }
  {
    Loader full(watched.set, 0, 0, 100, 3, 1);
    std::this_thread::sleep_for(60ms);
  }
  { Loader finished(watched.set, 0, 0, 0, 3, 1); }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_LT(watched.dataset->gets, 60);
}

TEST(Loader, MeasuresHowLongItWasWaitedFor) {
  const Watched watched(4, -1, 30ms);
  Loader loader(watched.set, 0, 0, 4, 0, 1);
  EXPECT_EQ(loader.seconds_waited(), 0);
  loader.next(2);
  EXPECT_GE(loader.seconds_waited(), 0.06);
}

TEST(Loader, RefusesRowsBeyondTheEpoch) {
  const Watched watched(4);
  EXPECT_THROW(Loader(watched.set, 0, 0, 5, 0, 1), Error);
  EXPECT_THROW(Loader(watched.set, 0, 3, 2, 0, 1), Error);
  EXPECT_THROW(Loader(watched.set, 0, -1, 2, 0, 1), Error);
  EXPECT_THROW(Loader(watched.set, 0, 0, 4, -1, 1), Error);
  EXPECT_THROW(Loader(watched.set, 0, 0, 4, 1, 0), Error);
  Loader loader(watched.set, 0, 1, 4, 1, 2);
  EXPECT_NO_THROW(loader.next(2));
  EXPECT_THROW(loader.next(2), Error);
  EXPECT_NO_THROW(loader.next(1));
}

}  // namespace hqsam
