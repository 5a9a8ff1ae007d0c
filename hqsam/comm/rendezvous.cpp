// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/rendezvous.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "hqsam/comm/rank_list.h"
#include "hqsam/comm/signs_of_life.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using c10::intrusive_ptr;
using c10d::Store;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* kFailedKey = "failed";

struct Deadline {
  milliseconds timeout;
  Clock::time_point at;

  bool is_over() const { return Clock::now() >= at; }
  milliseconds left() const { return std::max(std::chrono::duration_cast<milliseconds>(at - Clock::now()), 100ms); }
};

// The two ends of a connection from here to the master, as numbers.
struct Route {
  std::string here, master;
};

std::string numeric(const sockaddr_storage& address, socklen_t length) {
  char host[NI_MAXHOST] = "";
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  getnameinfo(generic, length, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return host;
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "::1"; }

// Connecting a datagram socket sends nothing: the system only picks the interface.
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

Route route_to_master(const RankEnvironment& environment) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  const std::string port = std::to_string(environment.master_port);
  const int error = getaddrinfo(environment.master_addr.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    fail("make_group", "MASTER_ADDR '{}' is no known host: {}", environment.master_addr, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    if (const auto route = route_through(*target)) return *route;
  }
  fail("make_group", "no network leads to MASTER_ADDR '{}'", environment.master_addr);
}

intrusive_ptr<Store> connect_store(const RankEnvironment& environment, bool keeps_it, const Deadline& deadline) {
  c10d::TCPStoreOptions options;
  options.port = environment.master_port;
  options.isServer = keeps_it;
  options.waitWorkers = false;
  options.timeout = deadline.left();
  try {
    return c10::make_intrusive<c10d::TCPStore>(environment.master_addr, options);
  } catch (const std::exception& error) {
    const std::string reason = reason_of(error);
    if (keeps_it && reason.find("EADDRINUSE") != std::string::npos) {
      fail("make_group", "port {} (MASTER_PORT) is in use on this machine: choose another", environment.master_port);
    }
    if (keeps_it) fail("make_group", "rank 0 can't listen at port {}: {}", environment.master_port, reason);
    if (!deadline.is_over()) throw;  // meet() tries again
    fail("make_group", "{} can't be reached within {}: does it run, are MASTER_ADDR and MASTER_PORT right? ({})",
         environment.keeper(), seconds_text(deadline.timeout), reason);
  }
}

std::string arrival(int64_t rank) { return fmt::format("arrival/{}", rank); }

std::vector<std::string> arrivals(int64_t size) {
  std::vector<std::string> keys;
  for (int64_t rank = 0; rank < size; ++rank) keys.push_back(arrival(rank));
  return keys;
}

// The ranks that have not come, or nothing when all have.
std::vector<int64_t> missing_ranks(Store& store, int64_t size) {
  std::vector<int64_t> missing;
  if (store.check(arrivals(size))) return missing;
  for (int64_t rank = 0; rank < size; ++rank) {
    if (!store.check({arrival(rank)})) missing.push_back(rank);
  }
  return missing;
}

void wait_for_all(Store& store, const RankEnvironment& environment, const Deadline& deadline) {
  for (auto pause = 5ms; !store.check(arrivals(environment.size)); pause = std::min(2 * pause, milliseconds(500))) {
    if (store.check({kFailedKey})) throw Error(store.get_to_str(kFailedKey));
    if (deadline.is_over()) {
      const std::string message = fmt::format("[make_group] {} did not come to the rendezvous at {} within {}",
                                              ranks_text(missing_ranks(store, environment.size)), environment.master(),
                                              seconds_text(deadline.timeout));
      store.set(kFailedKey, message);
      if (environment.rank == 0) std::this_thread::sleep_for(2s);  // it may keep the store: the others look, too
      throw Error(message);
    }
    std::this_thread::sleep_for(pause);
  }
}

// A rank on the master's machine may see the master as itself (127.0.0.1, or a host name that means 127.0.1.1) where
// ranks on other machines see a real address: then that is where this rank is too.
std::string address_of_this_rank(const Route& mine, Store& store, int64_t size) {
  if (!is_loopback(mine.here)) return mine.here;
  for (int64_t rank = 0; rank < size; ++rank) {
    std::istringstream other(store.get_to_str(arrival(rank)));
    Route route;
    other >> route.here >> route.master;
    if (!is_loopback(route.here) && !is_loopback(route.master)) return route.master;
  }
  return mine.here;
}

Rendezvous try_to_meet(const RankEnvironment& environment, const Route& route, const std::string& prefix,
                       const Deadline& deadline) {
  const bool keeps_store = environment.rank == 0 && !environment.agent_store;
  const auto connection = connect_store(environment, keeps_store, deadline);
  const auto watch_connection = connect_store(environment, false, deadline);
  Rendezvous meeting{c10::make_intrusive<c10d::PrefixStore>(prefix, connection),
                     c10::make_intrusive<c10d::PrefixStore>(prefix, watch_connection), ""};
  Store& store = *meeting.store;
  if (store.add(fmt::format("count/{}", environment.rank), 1) > 1) {
    // A group that is complete may be what rank 0 still has of before a restart: meet() tries again.
    if (environment.rank != 0 && store.check(arrivals(environment.size))) {
      throw std::runtime_error("another process of this rank is still in the group there");
    }
    fail("make_group", "another process at {} has RANK {} too: each needs its own", environment.master(),
         environment.rank);
  }
  store.set(sign_key(environment.rank), SignOfLife{}.text());
  store.set(arrival(environment.rank), route.here + " " + route.master);
  wait_for_all(store, environment, deadline);
  meeting.address = address_of_this_rank(route, store, environment.size);
  store.setTimeout(deadline.timeout);
  return meeting;
}

}  // namespace

std::string reason_of(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

Rendezvous meet(const RankEnvironment& environment, milliseconds timeout) {
  // Groups of one process follow each other in the same order on every rank; restarts under torchrun share a store.
  static int groups = 0;
  const std::string prefix = fmt::format("hqsam/{}/{}", environment.attempt, groups++);
  const Deadline deadline{timeout, Clock::now() + timeout};
  const Route route = route_to_master(environment);
  for (;;) {
    try {
      return try_to_meet(environment, route, prefix, deadline);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // the store is gone or an earlier group's, on its way out
      if (environment.rank == 0 || deadline.is_over()) {
        fail("make_group", "{} ended during the rendezvous ({})", environment.keeper(), reason_of(error));
      }
      std::this_thread::sleep_for(200ms);
    }
  }
}

}  // namespace hqsam
