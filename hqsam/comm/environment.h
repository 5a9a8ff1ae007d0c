// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace hqsam {

// `hqsam launch` gives the ranks of one machine a random one; for several it is the user's to set.
inline constexpr char kGroupKey[] = "HQSAM_GROUP_KEY";

// What the environment says about this process and its group; see make_group in group.h.
struct RankEnvironment {
  int64_t rank = 0, size = 1;
  std::string master_addr;  // "" in a group of one; 127.0.0.1, or another such number, where rank 0 listens there alone
  uint16_t master_port = 0;
  bool agent_store = false;  // torchrun's agent listens at the master's address, not rank 0
  std::string attempt;       // torchrun's count of restarts, whose groups share the agent's store
  bool one_machine = false;  // all ranks are on it: nothing needs to be reached from outside
  std::string secret;        // the ranks' own: HQSAM_GROUP_KEY; else "", or torchrun's id, which only tells runs apart

  // "10.0.0.1:29500"
  std::string master() const;
  // Who keeps the rendezvous, for messages: "rank 0, which keeps the rendezvous at 10.0.0.1:29500,".
  std::string keeper() const;
};

// 128 random bits in hex: no other process has the same.
std::string random_id();

// "127.0.0.1" and its kind, in numbers.
bool is_loopback(const std::string& host);

// Throws Error naming the variable that is missing or makes no sense.
RankEnvironment read_rank_environment();

}  // namespace hqsam
