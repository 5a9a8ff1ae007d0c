// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/launch.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "comm/ranks.h"
#include "hqsam/comm/child_process.h"
#include "hqsam/core/error.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using ranks::Clock;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A launch in a process of its own, of shells instead of training.
class Launch {
 public:
  // signal: comes before launch() is called, 0 for none.
  explicit Launch(const std::string& script, LaunchOptions options = {}, int signal = 0) {
    options.program = "/bin/sh";
    options.arguments = {"-c", "cd " + folder_.path.string() + "; " + script};
    launcher_ = ::fork();
    if (launcher_ != 0) return;
    for (const auto& [descriptor, name] : {std::pair{STDOUT_FILENO, "out"}, {STDERR_FILENO, "err"}}) {
      ::dup2(::open(path(name).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644), descriptor);
    }
    int code = 99;
    if (signal != 0) {
      sigset_t held;
      sigemptyset(&held);
      sigaddset(&held, signal);
      ::sigprocmask(SIG_BLOCK, &held, nullptr);
      ::raise(signal);
    }
    try {
      code = launch(options);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    std::fflush(stdout);
    ::_exit(code);
  }
  ~Launch() {
    if (launcher_ <= 0) return;
    ::kill(launcher_, SIGKILL);
    ::waitpid(launcher_, nullptr, 0);
  }

  int code() {
    const auto deadline = Clock::now() + 60s;
    int status = 0;
    while (::waitpid(launcher_, &status, WNOHANG) == 0) {
      if (Clock::now() > deadline) {
        ADD_FAILURE() << "the launch does not end: " << output() << errors();
        return -1;
      }
      std::this_thread::sleep_for(5ms);
    }
    launcher_ = -1;
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }
  void signal(int number) { ::kill(launcher_, number); }
  // Until the ranks have left this file in their folder.
  void wait_for(const std::string& name) {
    const auto deadline = Clock::now() + 30s;
    while (!ranks::fs::exists(path(name))) {
      ASSERT_LT(Clock::now(), deadline) << "no " << name << ": " << errors();
      std::this_thread::sleep_for(5ms);
    }
  }
  ranks::fs::path path(const std::string& name) const { return folder_.path / name; }
  std::string output() const { return ranks::read(path("out")); }
  std::string errors() const { return ranks::read(path("err")); }

 private:
  testing_support::TemporaryFolder folder_;
  pid_t launcher_ = -1;
};

// Running, and not a dead one that nobody has asked about.
bool alive(pid_t pid) {
  const std::string status = ranks::read("/proc/" + std::to_string(pid) + "/stat");
  return !status.empty() && !has(status, ") Z ");
}

}  // namespace

TEST(Launch, GivesEveryRankItsPlaceAndPutsItsNumberBeforeItsLines) {
  Launch launch(
      R"(printf '%s/%s local %s/%s restart %s\nno end' $RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $HQSAM_RESTART
                   echo "$MASTER_ADDR $TORCHELASTIC_RUN_ID" >&2; [ "$MASTER_PORT" -gt 0 ])",
      {.nproc = 2, .nodes = 2, .node_rank = 1, .master_addr = "10.1.2.3", .master_port = 1234});
  EXPECT_EQ(launch.code(), 0);
  EXPECT_TRUE(has(launch.output(), "[2] 2/4 local 0/2 restart 0\n")) << launch.output();
  EXPECT_TRUE(has(launch.output(), "[3] 3/4 local 1/2 restart 0\n")) << launch.output();
  EXPECT_TRUE(has(launch.output(), "[2] no end\n")) << launch.output();
  EXPECT_TRUE(has(launch.errors(), "[3] 10.1.2.3 \n")) << launch.errors();
}

TEST(Launch, SharesTheCoresAmongTheRanks) {
  ::unsetenv("OMP_NUM_THREADS");
  Launch all("echo threads $OMP_NUM_THREADS", {.nproc = 64});
  EXPECT_EQ(all.code(), 0);
  cpu_set_t cores;
  ASSERT_EQ(::sched_getaffinity(0, sizeof cores, &cores), 0);
  EXPECT_TRUE(has(all.output(), fmt::format("[63] threads {}\n", std::max(1, CPU_COUNT(&cores) / 64)))) << all.output();
  ::setenv("OMP_NUM_THREADS", "3", 1);
  Launch chosen("echo threads $OMP_NUM_THREADS", {.nproc = 2});
  EXPECT_EQ(chosen.code(), 0);
  EXPECT_TRUE(has(chosen.output(), "[1] threads 3\n")) << chosen.output();
  ::unsetenv("OMP_NUM_THREADS");
}

TEST(Launch, EndsAllAndReturnsTheCodeOfTheFirstThatFails) {
  const auto start = Clock::now();
  Launch launch("[ $RANK = 1 ] && { echo 'error: no such picture' >&2; exit 7; }; exec sleep 600", {.nproc = 3});
  EXPECT_EQ(launch.code(), 7);
  EXPECT_LT(Clock::now() - start, 30s);
  EXPECT_TRUE(has(launch.output() + launch.errors(), "rank 1 exited with code 7")) << launch.output();
  EXPECT_TRUE(has(launch.output() + launch.errors(), "    error: no such picture")) << launch.output();
}

TEST(Launch, KillsARankThatDoesNotHeedSigterm) {
  const auto start = Clock::now();
  Launch launch(
      "trap '' TERM; touch ready$RANK; while [ ! -e ready1 ]; do sleep 0.02; done; "
      "[ $RANK = 0 ] && exit 3; while :; do sleep 0.1; done",
      {.nproc = 2, .grace = 700ms});
  EXPECT_EQ(launch.code(), 3);
  EXPECT_GE(Clock::now() - start, 700ms);
  EXPECT_LT(Clock::now() - start, 30s);
}

TEST(Launch, SaysWhichSignalKilledARank) {
  Launch launch("[ $RANK = 1 ] && kill -KILL $$; exec sleep 600", {.nproc = 2});
  EXPECT_EQ(launch.code(), 128 + SIGKILL);
  EXPECT_TRUE(has(launch.output() + launch.errors(), "rank 1 was killed by SIGKILL")) << launch.output();
}

TEST(Launch, ReturnsSeventyFiveWhenAllStoppedAndTheFailureWhenOneFailed) {
  Launch stopped("sleep 0.$RANK; exit 75", {.nproc = 3});
  EXPECT_EQ(stopped.code(), 75);
  Launch failed("[ $RANK = 0 ] && exit 75; sleep 0.3; exit 4", {.nproc = 2});
  EXPECT_EQ(failed.code(), 4);
}

TEST(Launch, ForwardsSignalsAndWaitsForTheRanksToStop) {
  for (const auto& [number, name] : {std::pair{SIGTERM, "TERM"}, {SIGINT, "INT"}, {SIGUSR1, "USR1"}}) {
    Launch launch(std::string("trap 'touch got$RANK; sleep 0.2; exit 75' ") + name +
                      "; touch ready$RANK; while :; do sleep 0.05; done",
                  {.nproc = 2, .max_restarts = 5});
    launch.wait_for("ready0");
    launch.wait_for("ready1");
    launch.signal(number);
    EXPECT_EQ(launch.code(), 75) << name;
    EXPECT_TRUE(ranks::fs::exists(launch.path("got0")) && ranks::fs::exists(launch.path("got1"))) << name;
  }
}

TEST(Launch, ASignalThatEndsTheRanksIsItsExitCodeToo) {
  Launch launch("touch ready$RANK; exec sleep 600", {.nproc = 2, .max_restarts = 5});
  launch.wait_for("ready0");
  launch.wait_for("ready1");
  launch.signal(SIGTERM);
  EXPECT_EQ(launch.code(), 128 + SIGTERM);
}

TEST(Launch, RestartsAllAfterAFailureUntilItWorks) {
  const std::string fail_in_turn = "echo \"error: reason $HQSAM_RESTART\" >&2; exit 5; ";
  Launch works(
      "echo start $HQSAM_RESTART; [ $RANK = 0 ] || [ $HQSAM_RESTART = 2 ] || { " + fail_in_turn + "}; sleep 0.2",
      {.nproc = 2, .max_restarts = 3, .restarts = {.first_wait = 10ms}});
  EXPECT_EQ(works.code(), 0);
  for (const char* line : {"[1] start 0\n", "[1] start 1\n", "[0] start 2\n"}) {
    EXPECT_TRUE(has(works.output(), line)) << works.output();
  }
  EXPECT_FALSE(has(works.output(), "start 3"));

  Launch fails("echo start $HQSAM_RESTART; " + fail_in_turn, {.max_restarts = 2, .restarts = {.first_wait = 10ms}});
  EXPECT_EQ(fails.code(), 5);
  EXPECT_TRUE(has(fails.output(), "start 2"));
  EXPECT_FALSE(has(fails.output(), "start 3"));
}

TEST(Launch, EndsWhenTheSameFailureComesEarlyTwice) {
  Launch launch("echo start $HQSAM_RESTART; echo 'error: [open_checkpoint] no.pth does not exist' >&2; exit 1",
                {.nproc = 2, .max_restarts = 1'000'000, .restarts = {.first_wait = 10ms}});
  EXPECT_EQ(launch.code(), 1);
  EXPECT_TRUE(has(launch.output(), "start 1"));
  EXPECT_FALSE(has(launch.output(), "start 2"));
  const std::string said = launch.output() + launch.errors();
  EXPECT_TRUE(has(said, "not started again: the same failure came twice")) << said;
  EXPECT_TRUE(has(said, "no.pth does not exist)")) << said;
}

TEST(Launch, AStopEndsTheWaitBetweenStartsAtOnce) {
  Launch launch("touch began; exit 1", {.max_restarts = 5, .restarts = {.first_wait = 1h, .longest_wait = 1h}});
  launch.wait_for("began");
  const auto deadline = Clock::now() + 30s;
  while (!has(launch.output() + launch.errors(), "anew in 3600 s") && Clock::now() < deadline) {
    std::this_thread::sleep_for(10ms);
  }
  launch.signal(SIGTERM);
  EXPECT_EQ(launch.code(), 75);
}

TEST(Launch, ASignalBeforeAnyRankEndsItInOrder) {
  Launch launch("touch began", {}, SIGTERM);
  EXPECT_EQ(launch.code(), 75);
  EXPECT_FALSE(ranks::fs::exists(launch.path("began")));
}

// SIGINT, SIGUSR1 and SIGTERM are 2, 10 and 15.
TEST(Launch, HoldsSignalsBackForAProgramThatTakesTheBlockOff) {
  for (const auto& [unblocks, mask] : {std::pair{true, "0000000000004202"}, {false, "0000000000000000"}}) {
    Launch launch("while read name mask; do echo $name $mask; done </proc/self/status", {.unblocks_signals = unblocks});
    EXPECT_EQ(launch.code(), 0);
    EXPECT_TRUE(has(launch.output(), std::string("SigBlk: ") + mask)) << launch.output();
  }
}

TEST(Launch, GivesTheRanksOfOneMachineASecretOfTheirOwn) {
  Launch one("echo key $HQSAM_GROUP_KEY.", {.nproc = 2});
  EXPECT_EQ(one.code(), 0);
  const std::string output = one.output();
  const size_t at = output.find("[1] key ") + 8;
  const std::string key = output.substr(at, output.find('.', at) - at);
  EXPECT_EQ(key.size(), 32u) << output;
  EXPECT_TRUE(has(output, "[0] key " + key)) << output;
  Launch several("echo key $HQSAM_GROUP_KEY.", {.nodes = 2, .master_addr = "10.1.2.3", .master_port = 1234});
  EXPECT_EQ(several.code(), 0);
  EXPECT_TRUE(has(several.output(), "[0] key .")) << several.output();
  ::setenv("HQSAM_GROUP_KEY", "the user's", 1);
  Launch chosen("echo key $HQSAM_GROUP_KEY.", {});
  EXPECT_EQ(chosen.code(), 0);
  EXPECT_TRUE(has(chosen.output(), "key the user's.")) << chosen.output();
  ::unsetenv("HQSAM_GROUP_KEY");
}

TEST(Launch, DoesNotRestartAfterWrongUsageOrAStop) {
  for (const int code : {2, 75}) {
    Launch launch("echo start $HQSAM_RESTART; exit " + std::to_string(code), {.max_restarts = 2});
    EXPECT_EQ(launch.code(), code);
    EXPECT_FALSE(has(launch.output(), "start 1"));
  }
}

TEST(Launch, TakesTheRanksWithItWhenItIsKilled) {
  Launch launch("trap '' TERM INT HUP; echo $$ >pid$RANK.new; mv pid$RANK.new pid$RANK; while :; do sleep 0.1; done",
                {.nproc = 2});
  launch.wait_for("pid0");
  launch.wait_for("pid1");
  const pid_t pids[] = {std::stoi(ranks::read(launch.path("pid0"))), std::stoi(ranks::read(launch.path("pid1")))};
  EXPECT_TRUE(alive(pids[0]) && alive(pids[1]));
  launch.signal(SIGKILL);
  const auto deadline = Clock::now() + 30s;
  while ((alive(pids[0]) || alive(pids[1])) && Clock::now() < deadline) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(alive(pids[0]) || alive(pids[1]));
}

TEST(Launch, SaysWhatItCannotStart) {
  LaunchOptions options{.program = "/no/such/program"};
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_EQ(launch(options), 127);
  const std::string said = testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout();
  EXPECT_TRUE(has(said, "can't start /no/such/program")) << said;
}

TEST(Launch, RefusesOptionsThatMakeNoSense) {
  const LaunchOptions good{.program = "x"};
  const auto refused = [&](const std::function<void(LaunchOptions&)>& spoil) {
    LaunchOptions options = good;
    spoil(options);
    EXPECT_THROW(options.validate(), Error);
  };
  good.validate();
  refused([](auto& options) { options.program = ""; });
  refused([](auto& options) { options.nproc = 0; });
  refused([](auto& options) { options.node_rank = 1; });
  refused([](auto& options) { options.nodes = 2; });  // without a master
  refused([](auto& options) { options.master_port = 65536; });
  refused([](auto& options) { options.max_restarts = -1; });
}

TEST(Launch, TellsAllItsRanksAndStartsWhichLaunchTheyAreOf) {
  // The first start fails once both ranks have written: a rank that fails alone may take the other before its line.
  const std::string script =
      "echo $HQSAM_LAUNCH_ID >>id$RANK; [ $HQSAM_RESTART = 1 ] && exit; "
      "until [ -s id0 ] && [ -s id1 ]; do sleep 0.01; done; exit 1";
  std::string before;
  for (int i = 0; i < 2; ++i) {
    Launch launch(script, {.nproc = 2, .max_restarts = 1});
    EXPECT_EQ(launch.code(), 0);
    const std::string ids = ranks::read(launch.path("id0"));
    const std::string first = ids.substr(0, ids.find('\n') + 1);
    EXPECT_EQ(first.size(), 33u);
    EXPECT_EQ(ids, first + first);
    EXPECT_EQ(ranks::read(launch.path("id1")).substr(0, 33), first);
    EXPECT_NE(first, before);
    before = first;
    ::setenv("HQSAM_LAUNCH_ID", "of another launch around this one", 1);
  }
  EXPECT_EQ(launch_id(), "of another launch around this one");
  ::unsetenv("HQSAM_LAUNCH_ID");
  EXPECT_EQ(launch_id(), "");
}

TEST(LinePrefixer, PassesWholeLinesOnAndTakesCarriageReturnsForEnds) {
  testing::internal::CaptureStdout();
  LinePrefixer lines("[7] ", STDOUT_FILENO);
  lines.feed("one\ntw");
  lines.feed("o\r\n\nprogress 1\rprogress 2");
  lines.finish();
  lines.finish();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "[7] one\n[7] two\n[7] \n[7] progress 1\n[7] progress 2\n");
  EXPECT_EQ(lines.last_lines().back(), "progress 2");
}

}  // namespace hqsam
