// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/group.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "comm/ranks.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using ranks::Ranks;

// The variables of a group, for as long as this lives.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& variables) : variables_(variables) {
    for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::string> variables_;
};

std::string error_of(const std::map<std::string, std::string>& variables, const GroupOptions& options = {}) {
  const Environment environment(variables);
  try {
    make_group(options);
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error";
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The value of rank r's float i.
torch::Tensor values_of(int64_t rank, int64_t count) { return torch::arange(count) * 1e-6 + rank; }

}  // namespace

TEST(Group, OfOneNeedsNoNetworkAndChangesNothing) {
  for (const auto& variables : {std::map<std::string, std::string>{}, {{"WORLD_SIZE", "1"}, {"RANK", "0"}}}) {
    const Environment environment(variables);
    const auto group = make_group();
    EXPECT_EQ(group->rank(), 0);
    EXPECT_EQ(group->size(), 1);
    const auto tensor = torch::arange(4.0);
    group->all_reduce_sum(tensor);
    group->broadcast(tensor, 0);
    group->barrier();
    group->abort("nobody listens");
    EXPECT_TRUE(torch::equal(tensor, torch::arange(4.0)));
    EXPECT_EQ(group->all_gather_bytes("mine"), std::vector<std::string>{"mine"});
  }
}

TEST(Group, NamesTheVariableThatIsMissingOrMakesNoSense) {
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "2"}}), "RANK is not set"));
  EXPECT_TRUE(has(error_of({{"RANK", "1"}}), "WORLD_SIZE is not set"));
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "two"}, {"RANK", "0"}}), "WORLD_SIZE is 'two'"));
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "0"}, {"RANK", "0"}}), "WORLD_SIZE is '0'"));
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "2"}, {"RANK", "2"}}), "RANK is '2': expected a number from 0 to 1"));
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "2"}, {"RANK", "-1"}}), "RANK is '-1'"));
  EXPECT_TRUE(has(error_of({{"WORLD_SIZE", "2"}, {"RANK", "0"}}), "MASTER_ADDR is not set"));
  EXPECT_TRUE(
      has(error_of({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "localhost"}}), "MASTER_PORT is not set"));
  EXPECT_TRUE(has(
      error_of({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "localhost"}, {"MASTER_PORT", "70000"}}), "70000"));
  EXPECT_TRUE(has(error_of({}, {.timeout = 0ms}), "timeout"));
}

TEST(Group, KnowsItsPlaceOnTheMachine) {
  EXPECT_EQ(local_rank(), 0);
  const Environment environment({{"LOCAL_RANK", "3"}});
  EXPECT_EQ(local_rank(), 3);
  ::setenv("LOCAL_RANK", "first", 1);
  EXPECT_THROW(local_rank(), Error);
}

TEST(Group, SaysWhenThePortIsInUse) {
  const ranks::Listener listener;
  const std::string port = std::to_string(listener.port);
  const std::string error = error_of(
      {{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}}, {.timeout = 2000ms});
  EXPECT_TRUE(has(error, "port " + port + " (MASTER_PORT) is in use")) << error;
}

TEST(Group, SaysWhichMasterCannotBeReached) {
  const std::string port = std::to_string(ranks::free_port());
  std::map<std::string, std::string> variables{
      {"WORLD_SIZE", "2"}, {"RANK", "1"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", port}};
  const auto start = ranks::Clock::now();
  const std::string error = error_of(variables, {.timeout = 1000ms});
  EXPECT_TRUE(has(error, "127.0.0.1:" + port)) << error;
  EXPECT_TRUE(has(error, "within 1 s")) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  EXPECT_LT(ranks::Clock::now() - start, 10s);
  variables["MASTER_ADDR"] = "no-such-host.invalid";
  EXPECT_TRUE(has(error_of(variables), "no-such-host.invalid"));
}

TEST(Group, NamesTheRanksThatDoNotCome) {
  Ranks two_of_four("MeetsAnError", 4, 10s);
  two_of_four.start(0);
  two_of_four.start(2);
  for (int rank : {0, 2}) {
    const std::string error = two_of_four.error_of(rank, 10s + 30s);
    EXPECT_TRUE(has(error, "ranks 1, 3 did not come to the rendezvous")) << error << two_of_four.output(rank);
  }
}

TEST(Group, RefusesASecondProcessOfTheSameRank) {
  Ranks ranks("MeetsAnError", 3, 10s);
  ranks.start(0);
  ranks.start(1);
  ranks.start(2, {{"RANK", "1"}});
  ranks.wait(1);
  ranks.wait(2);
  EXPECT_TRUE(has(ranks.error_of(0, 10s + 30s), "rank 2 did not come"));
  EXPECT_TRUE(has(ranks.output(1) + ranks.output(2), "has RANK 1 too"));
}

TEST(Group, NeedsNcclOnCudaDevices) {
  try {
    const Environment environment(
        {{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "localhost"}, {"MASTER_PORT", "1"}});
    make_group({.device = torch::kCUDA, .timeout = 1000ms});
    FAIL() << "no Error";
  } catch (const Error& error) {
    // A build with NCCL gets further, to the port that only root may have and nobody listens at.
    const std::string text = error.what();
    EXPECT_TRUE(has(text, "NCCL") || has(text, "port 1") || has(text, "come")) << text;
  }
}

TEST(Rank, DISABLED_MeetsAnError) {
  try {
    make_group({.timeout = ranks::timeout()});
    FAIL() << "no Error";
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    ranks::leave_note("error", error.what());
  }
}

// Each collective against what one process computes.
TEST(Rank, DISABLED_Collectives) {
  const auto group = make_group({.timeout = ranks::timeout()});
  const int64_t rank = group->rank(), size = group->size();
  ASSERT_EQ(std::to_string(size), ::getenv("WORLD_SIZE"));

  for (const int64_t count : {1, 2, 3, 1000, 3'000'001}) {
    torch::Tensor tensor = values_of(rank, count), expected = torch::zeros(count);
    for (int64_t other = 0; other < size; ++other) expected += values_of(other, count);
    group->all_reduce_sum(tensor);
    EXPECT_TRUE(torch::allclose(tensor, expected, 1e-6)) << count;
    // The same bits on every rank.
    const torch::Tensor of_first = tensor.clone();
    group->broadcast(of_first, 0);
    EXPECT_TRUE(torch::equal(tensor, of_first)) << count;
  }
  for (const auto type : {torch::kFloat64, torch::kInt64, torch::kInt32, torch::kBFloat16, torch::kHalf}) {
    const torch::Tensor tensor = torch::full({5}, rank + 1, type);
    group->all_reduce_sum(tensor);
    EXPECT_TRUE(torch::equal(tensor, torch::full({5}, size * (size + 1) / 2, type))) << tensor;
  }
  // A view with gaps: what lies between stays.
  const torch::Tensor matrix = torch::ones({4, 6});
  group->all_reduce_sum(matrix.slice(1, 0, 6, 2));
  EXPECT_EQ(matrix.sum().item<double>(), 12 * size + 12);
  group->all_reduce_sum(torch::empty({0}));

  torch::Tensor parameter = torch::full({3}, static_cast<float>(rank)).requires_grad_();
  group->broadcast(parameter, size - 1);
  EXPECT_TRUE(torch::equal(parameter, torch::full({3}, static_cast<float>(size - 1))));
  EXPECT_THROW(group->broadcast(parameter, size), Error);

  std::string mine(static_cast<size_t>(rank) * 100'003, static_cast<char>('a' + rank));  // rank 0's is empty
  if (rank == 1) mine[5] = '\0';
  const std::vector<std::string> all = group->all_gather_bytes(mine);
  ASSERT_EQ(static_cast<int64_t>(all.size()), size);
  for (int64_t other = 0; other < size; ++other) {
    EXPECT_EQ(static_cast<int64_t>(all[other].size()), other * 100'003);
    if (other > 0) EXPECT_EQ(all[other].back(), static_cast<char>('a' + other));
  }
  EXPECT_EQ(all[1][5], '\0');
  for (const std::string& bytes : group->all_gather_bytes("")) EXPECT_EQ(bytes, "");
  group->barrier();
}

TEST(GroupOverGloo, CollectivesAreRightOnTwoRanks) {
  Ranks ranks("Collectives", 2, 60s);
  ranks.start_all();
  ranks.expect_all_pass();
}

TEST(GroupOverGloo, CollectivesAreRightOnFourRanks) {
  Ranks ranks("Collectives", 4, 60s);
  ranks.start_all();
  ranks.expect_all_pass();
}

// A barrier holds until the last rank has come, and a second group may follow the first.
TEST(Rank, DISABLED_TwoGroupsAfterEachOther) {
  for (int turn = 0; turn < 2; ++turn) {
    const auto group = make_group({.timeout = ranks::timeout()});
    if (group->rank() == turn) {
      std::this_thread::sleep_for(600ms);
      ranks::leave_note("awake", "awake");
    }
    group->barrier();
    const ranks::fs::path folder = ::getenv("HQSAM_TEST_FOLDER");
    EXPECT_TRUE(ranks::fs::exists(folder / (std::to_string(turn) + ".awake")));
  }
}

// For torchrun.sh: at the first start rank 1 ends before it has met the others.
TEST(Rank, DISABLED_FailsAtFirst) {
  if (::getenv("TORCHELASTIC_RESTART_COUNT") == std::string("0") && ::getenv("RANK") == std::string("1")) ::_exit(1);
  const auto group = make_group({.timeout = ranks::timeout()});
  const torch::Tensor ones = torch::ones({3});
  group->all_reduce_sum(ones);
  EXPECT_TRUE(torch::equal(ones, torch::full({3}, 2.0)));
}

TEST(GroupOverGloo, ABarrierWaitsAndGroupsMayFollowEachOther) {
  Ranks ranks("TwoGroupsAfterEachOther", 2, 60s);
  ranks.start_all();
  ranks.expect_all_pass();
}

}  // namespace hqsam
