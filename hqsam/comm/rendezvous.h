// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "hqsam/comm/environment.h"
#include "hqsam/comm/sealed_store.h"

namespace hqsam {

// What the ranks share once all of them have met.
struct Rendezvous {
  c10::intrusive_ptr<SealedStore> store;        // of this group alone
  c10::intrusive_ptr<SealedStore> watch_store;  // the same one, over a connection of its own
  std::string address;                          // where the others reach this rank
};

// Connects to the store (rank 0 keeps it, unless an agent does) and waits for all ranks. On one machine the store
// listens at loopback alone; c10d's has no authentication, so what strangers put there is ignored. Throws Error where
// the port is in use, the master can't be reached, ranks do not come within the timeout, or one comes twice.
Rendezvous meet(const RankEnvironment& environment, std::chrono::milliseconds timeout);

// What an exception of libtorch's says, on one line.
std::string reason_of(const std::exception& error);

}  // namespace hqsam
