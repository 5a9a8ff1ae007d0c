// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/route.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

std::string numeric(const sockaddr_storage& address, socklen_t length) {
  char host[NI_MAXHOST] = "";
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  getnameinfo(generic, length, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

Addresses addresses_of(const std::string& host, uint16_t port, int type, int flags) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = type;
  hints.ai_flags = flags;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) fail("make_group", "MASTER_ADDR '{}' is not a known host: {}", host, gai_strerror(error));
  return {found, freeaddrinfo};
}

// Connecting a datagram socket sends nothing; the system only selects the interface.
std::optional<Route> route_through(const addrinfo& target) {
  const int socket = ::socket(target.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  sockaddr_storage here{}, there{};
  socklen_t here_length = sizeof here, there_length = sizeof there;
  std::optional<Route> route;
  if (connect(socket, target.ai_addr, target.ai_addrlen) == 0 &&
      getsockname(socket, reinterpret_cast<sockaddr*>(&here), &here_length) == 0 &&
      getpeername(socket, reinterpret_cast<sockaddr*>(&there), &there_length) == 0) {
    route = Route{numeric(here, here_length), numeric(there, there_length)};
  }
  close(socket);
  return route;
}

}  // namespace

Route route_to_master(const RankEnvironment& environment) {
  const Addresses all = addresses_of(environment.master_addr, environment.master_port, SOCK_DGRAM, 0);
  for (const addrinfo* target = all.get(); target != nullptr; target = target->ai_next) {
    if (const auto route = route_through(*target)) return *route;
  }
  fail("make_group", "no network leads to MASTER_ADDR '{}'", environment.master_addr);
}

int loopback_socket(const std::string& address, uint16_t port) {
  const Addresses all = addresses_of(address, port, SOCK_STREAM, AI_NUMERICHOST);
  const int socket = ::socket(all->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;  // connections of a run before this one may still linger
  if (socket >= 0 && setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(socket, all->ai_addr, all->ai_addrlen) == 0 && listen(socket, SOMAXCONN) == 0) {
    return socket;
  }
  const int error = errno;
  if (socket >= 0) close(socket);
  if (error == EADDRINUSE) fail_port_in_use(port);
  fail("make_group", "rank 0 can't listen at {} port {}: {}", address, port, errno_text(error));
}

void fail_port_in_use(uint16_t port) {
  fail("make_group", "port {} (MASTER_PORT) is in use on this machine: choose another", port);
}

}  // namespace hqsam
