// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/rendezvous.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "hqsam/comm/rank_list.h"
#include "hqsam/comm/route.h"
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

intrusive_ptr<Store> connect_store(const RankEnvironment& environment, bool keeps_it, const Deadline& deadline) {
  c10d::TCPStoreOptions options;
  options.port = environment.master_port;
  options.isServer = keeps_it;
  options.waitWorkers = false;
  options.timeout = deadline.left();
  if (keeps_it && environment.one_machine) {
    options.masterListenFd = loopback_socket(environment.master_addr, environment.master_port);
  }
  try {
    return c10::make_intrusive<c10d::TCPStore>(environment.master_addr, options);
  } catch (const std::exception& error) {
    const std::string reason = reason_of(error);
    if (keeps_it && reason.find("EADDRINUSE") != std::string::npos) fail_port_in_use(environment.master_port);
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

std::vector<int64_t> missing_ranks(SealedStore& store, int64_t size) {
  std::vector<int64_t> missing;
  for (int64_t rank = 0; rank < size; ++rank) {
    if (!store.check({arrival(rank)})) missing.push_back(rank);
  }
  return missing;
}

// The arrivals of all ranks seen so far; a foreign process may overwrite one at any time.
class Arrivals {
 public:
  explicit Arrivals(int64_t size) : keys_(arrivals(size)), seen_(keys_.size()) {}

  bool all_came(SealedStore& store) {
    const auto found = store.find_all(keys_);
    for (size_t i = 0; i < found.size(); ++i) {
      if (found[i]) seen_[i] = found[i];
    }
    return std::all_of(seen_.begin(), seen_.end(), [](const auto& text) { return text.has_value(); });
  }
  Route route(size_t rank) const {
    std::istringstream text(seen_[rank].value_or(""));
    Route route;
    text >> route.here >> route.master;
    return route;
  }
  size_t size() const { return seen_.size(); }

 private:
  std::vector<std::string> keys_;
  std::vector<std::optional<std::string>> seen_;
};

[[noreturn]] void give_up(SealedStore& store, const RankEnvironment& environment, const Deadline& deadline) {
  std::string message = fmt::format("[make_group] {} did not come to the rendezvous at {} within {}",
                                    ranks_text(missing_ranks(store, environment.size)), environment.master(),
                                    seconds_text(deadline.timeout));
  if (!environment.secret.empty()) message += fmt::format("; {} is to be the same on all, where it is set", kGroupKey);
  store.set(kFailedKey, message);
  if (environment.rank == 0) std::this_thread::sleep_for(2s);  // it may host the store, which the others still read
  throw Error(message);
}

Arrivals wait_for_all(SealedStore& store, const RankEnvironment& environment, const Deadline& deadline) {
  Arrivals arrivals(environment.size);
  for (auto pause = 5ms; !arrivals.all_came(store); pause = std::min(2 * pause, milliseconds(500))) {
    if (const auto failed = store.find(kFailedKey)) throw Error(words_of_another(*failed));
    if (deadline.is_over()) give_up(store, environment, deadline);
    if (store.disturbed()) pause = 2ms;
    std::this_thread::sleep_for(pause);
    store.restore();
  }
  return arrivals;
}

// A rank on the master's machine may see the master as itself (127.0.0.1, or a host name that means 127.0.1.1) where
// ranks on other machines see a real address: then that is where this rank is too.
std::string address_of_this_rank(const Route& mine, const Arrivals& arrivals) {
  if (!is_loopback(mine.here)) return mine.here;
  for (size_t rank = 0; rank < arrivals.size(); ++rank) {
    const Route route = arrivals.route(rank);
    if (!is_loopback(route.here) && !is_loopback(route.master)) return route.master;
  }
  return mine.here;
}

// Identifies this process among all that arrive as ranks.
const std::string& own_name() {
  static const std::string name = random_id();
  return name;
}

Rendezvous try_to_meet(const RankEnvironment& environment, const Route& route, const std::string& group,
                       const Deadline& deadline) {
  const Seal seal(environment.secret);
  const std::string prefix = fmt::format("hqsam/{:016x}/{}", seal.tag("name"), group);
  const bool keeps_store = environment.rank == 0 && !environment.agent_store;
  const auto connection = connect_store(environment, keeps_store, deadline);
  const auto watch_connection = connect_store(environment, false, deadline);
  Rendezvous meeting;
  meeting.store = c10::make_intrusive<SealedStore>(prefix, seal, connection);
  meeting.watch_store = meeting.store->over(watch_connection);
  SealedStore& store = *meeting.store;
  if (store.compareSet(fmt::format("process/{}", environment.rank), "", own_name()) != own_name()) {
    // A complete group may be left over from before rank 0's restart: meet() tries again.
    if (environment.rank != 0 && store.check(arrivals(environment.size))) {
      throw std::runtime_error("another process of this rank is still in the group there");
    }
    fail("make_group", "another process at {} has RANK {} too: each needs its own", environment.master(),
         environment.rank);
  }
  store.set(sign_key(environment.rank), SignOfLife{}.text());
  store.set(arrival(environment.rank), route.here + " " + route.master);
  const Arrivals arrivals = wait_for_all(store, environment, deadline);
  const std::string here = is_loopback(route.here) ? route.here : "127.0.0.1";
  meeting.address = environment.one_machine ? here : address_of_this_rank(route, arrivals);
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
  const std::string group = fmt::format("{}/{}", environment.attempt, groups++);
  const Deadline deadline{timeout, Clock::now() + timeout};
  const Route route = route_to_master(environment);
  for (;;) {
    try {
      return try_to_meet(environment, route, group, deadline);
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
