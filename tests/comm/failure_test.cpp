// SPDX-License-Identifier: Apache-2.0
// What happens to the others when a rank dies, hangs or gives up.
#include <gtest/gtest.h>

#include "comm/ranks.h"
#include "hqsam/comm/group.h"
#include "hqsam/comm/signs_of_life.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using ranks::Ranks;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// As a training run does: work, all_reduce, work, ... for ever. HQSAM_TEST_ODD_RANK does something else after a while.
void work_for_ever(const std::function<void(Group&)>& odd) {
  ranks::wait_for_all_to_start();
  const auto group = make_group({.timeout = ranks::timeout()});
  const char* odd_rank = ::getenv("HQSAM_TEST_ODD_RANK");
  const bool is_odd = odd_rank != nullptr && group->rank() == std::stoll(odd_rank);
  try {
    abort_on_error(*group, [&] {
      for (int step = 0;; ++step) {
        if (step == 3) ranks::ready();
        if (step == 5 && is_odd) return odd(*group);
        group->all_reduce_sum(torch::ones({100'000}));
        std::this_thread::sleep_for(20ms);
      }
    });
  } catch (const Error& error) {
    ranks::leave_note("error", error.what());
  }
}

// All ranks but one end in time with an Error that has this text.
void expect_errors(Ranks& ranks, int size, int but, const std::string& text, ranks::milliseconds most) {
  const auto deadline = ranks::Clock::now() + most;
  for (int rank = 0; rank < size; ++rank) {
    if (rank == but) continue;
    const auto left = std::chrono::duration_cast<ranks::milliseconds>(deadline - ranks::Clock::now());
    const std::string error = ranks.error_of(rank, left);
    EXPECT_TRUE(has(error, text)) << "rank " << rank << ": '" << error << "' " << ranks.output(rank);
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

}  // namespace

TEST(Rank, DISABLED_Works) {
  work_for_ever([](Group&) {});
}
TEST(Rank, DISABLED_Hangs) {
  work_for_ever([](Group&) { std::this_thread::sleep_for(1h); });
}
TEST(Rank, DISABLED_GivesUp) {
  work_for_ever([](Group&) { fail("read_image", "cat.jpg is damaged"); });
}

TEST(RankFailure, OthersNameAKilledRankLongBeforeTheTimeout) {
  Ranks ranks("Works", 4, 60s);
  ranks.start_all();
  ranks.wait_until_ready();
  ranks.signal(2, SIGKILL);
  expect_errors(ranks, 4, 2, "rank 2 ended or hangs", 30s);
}

TEST(RankFailure, OthersNameAStoppedRankAfterTheTimeout) {
  Ranks ranks("Works", 4, 3s);
  ranks.start_all();
  ranks.wait_until_ready();
  ranks.signal(1, SIGSTOP);
  expect_errors(ranks, 4, 1, "rank 1 ended or hangs", 3s + 30s);
}

TEST(RankFailure, OthersNameARankThatRunsButDoesNotCome) {
  Ranks ranks("Hangs", 3, 2s, {{"HQSAM_TEST_ODD_RANK", "1"}});
  ranks.start_all();
  ranks.wait_until_ready();
  expect_errors(ranks, 3, 1, "rank 1 did not take part in all_reduce within 2 s", 2s + 30s);
}

TEST(RankFailure, OthersNameRankZeroWhenItIsKilledAndTheStoreWithIt) {
  Ranks ranks("Works", 4, 60s);
  ranks.start_all();
  ranks.wait_until_ready();
  ranks.signal(0, SIGKILL);
  expect_errors(ranks, 4, 0, "rank 0, which keeps the rendezvous at 127.0.0.1:", 30s);
}

TEST(RankFailure, OthersNameRankZeroWhenItIsStopped) {
  Ranks ranks("Works", 2, 2s);
  ranks.start_all();
  ranks.wait_until_ready();
  ranks.signal(0, SIGSTOP);
  expect_errors(ranks, 2, 0, "rank 0, which keeps the rendezvous at 127.0.0.1:", 2s + 30s);
}

TEST(RankFailure, OthersQuoteTheLastWordsOfARankThatGivesUp) {
  for (const int odd : {0, 1}) {
    Ranks ranks("GivesUp", 3, 60s, {{"HQSAM_TEST_ODD_RANK", std::to_string(odd)}});
    ranks.start_all();
    ranks.wait_until_ready();
    expect_errors(ranks, 3, odd, "rank " + std::to_string(odd) + " stopped: [read_image] cat.jpg is damaged", 30s);
    EXPECT_EQ(ranks.error_of(odd, 30s), "[read_image] cat.jpg is damaged");
  }
}

TEST(RankFailure, OthersNameARankThatLeaves) {
  Ranks ranks("Works", 3, 60s, {{"HQSAM_TEST_ODD_RANK", "2"}});
  ranks.start_all();
  ranks.wait_until_ready();
  expect_errors(ranks, 3, 2, "rank 2 left the group before all_reduce was done", 30s);
  EXPECT_EQ(ranks.wait(2), 0);
}

// As `hqsam launch --max-restarts` does on two machines: rank 1 is back while rank 0 still waits for the old one.
TEST(RankFailure, ARankThatIsBackEarlyWaitsForTheNextGroup) {
  Ranks ranks("Works", 2, 60s);
  ranks.start_all();
  ranks.wait_until_ready();
  ranks.signal(1, SIGKILL);
  ranks.wait(1);
  ranks.forget_ready();
  ranks.start(1);
  EXPECT_TRUE(has(ranks.error_of(0, 30s), "rank 1"));
  ranks.start(0);
  ranks.wait_until_ready();
}

// The judgement itself, on a clock of its own.
TEST(Inquest, TellsDeadFromSlowFromBrokenConnections) {
  using Phase = SignOfLife::Phase;
  const Inquest::Clock::time_point start{};
  const FailedCollective timed_out{
      .rank = 0, .sequence = 7, .operation = "all_reduce", .reason = "timeout", .timed_out = true, .timeout = 10s};
  FailedCollective broken = timed_out;
  broken.timed_out = false;
  broken.reason = "Connection reset by peer";
  const auto verdict = [&](const FailedCollective& failed, std::vector<SignOfLife> signs, bool second_lives) {
    Inquest inquest(failed, start);
    for (auto at = 0ms; at <= 6000ms; at += 200ms) {
      signs[0].beat += 1;
      if (second_lives) signs[1].beat += 1;
      signs[2].beat += 1;
      if (const auto found = inquest.judge(signs, start + at)) return *found;
    }
    return std::string("none");
  };
  const SignOfLife there{1, 7, Phase::kCollective}, behind{1, 6, Phase::kWorking}, left{1, 6, Phase::kLeft};
  EXPECT_TRUE(has(verdict(broken, {there, behind, behind}, false), "rank 1 ended or hangs"));
  EXPECT_TRUE(has(verdict(timed_out, {there, there, behind}, false), "rank 1 ended or hangs"));
  EXPECT_TRUE(has(verdict(timed_out, {there, behind, behind}, true), "ranks 1, 2 did not take part"));
  EXPECT_TRUE(has(verdict(timed_out, {there, there, there}, true), "is the network between them open?"));
  EXPECT_TRUE(has(verdict(broken, {there, behind, there}, true), "Connection reset by peer"));
  EXPECT_TRUE(has(verdict(broken, {there, left, there}, false), "rank 1 left the group"));
}

TEST(SignOfLife, ReadsWhatItWrites) {
  const SignOfLife sign{12, 34, SignOfLife::Phase::kTold};
  const SignOfLife read = SignOfLife::parse(sign.text()).value();
  EXPECT_EQ(read.beat, 12);
  EXPECT_EQ(read.sequence, 34);
  EXPECT_EQ(read.phase, SignOfLife::Phase::kTold);
  for (const char* other : {"12 thirty", "", "1 2 x", "1 2", "99999999999999999999 1 w"}) {
    EXPECT_FALSE(SignOfLife::parse(other)) << other;
  }
}

}  // namespace hqsam
