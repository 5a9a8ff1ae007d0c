// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/comm/environment.h"

namespace hqsam {

// The two ends of a connection from here to the master, as numbers.
struct Route {
  std::string here, master;
};

// Sends nothing. Throws Error where MASTER_ADDR is no known host or no network leads to it.
Route route_to_master(const RankEnvironment& environment);

// A bound socket that nobody outside this machine reaches. address: 127.0.0.1 or another of its kind, in numbers.
// Throws Error where the port is in use or can't be had.
int loopback_socket(const std::string& address, uint16_t port);

[[noreturn]] void fail_port_in_use(uint16_t port);

}  // namespace hqsam
