// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/environment.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <random>
#include <string_view>

#include "hqsam/comm/group.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Set and not empty.
std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

int64_t number(const char* name, std::string_view text, int64_t least, int64_t most) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    fail("make_group", "{} is '{}': expected a number from {} to {}", name, text, least, most);
  }
  return value;
}

std::string required(const char* name, int64_t size) {
  const std::optional<std::string> value = variable(name);
  if (!value) {
    fail("make_group",
         "WORLD_SIZE is {} and {} is not set: start the ranks with `hqsam launch` or torchrun, or set RANK, "
         "WORLD_SIZE, MASTER_ADDR and MASTER_PORT",
         size, name);
  }
  return *value;
}

// Known from LOCAL_WORLD_SIZE or from a loopback address. In a Kubernetes pod the name localhost does not count:
// some PyTorchJob operators set it on the first of several machines.
bool means_one_machine(const RankEnvironment& environment) {
  const std::string& master = environment.master_addr;
  if (is_loopback(master)) return true;
  if ((master == "localhost" || master == "ip6-localhost") && !variable("KUBERNETES_SERVICE_HOST")) return true;
  return variable("LOCAL_WORLD_SIZE") == std::to_string(environment.size);
}

}  // namespace

std::string random_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

bool is_loopback(const std::string& host) {
  const bool in_numbers = host.find_first_not_of("0123456789.") == std::string::npos;
  return (in_numbers && host.starts_with("127.")) || host == "::1";
}

std::string RankEnvironment::master() const { return fmt::format("{}:{}", master_addr, master_port); }

std::string RankEnvironment::keeper() const {
  return fmt::format("{}, which keeps the rendezvous at {},", agent_store ? "torchrun's agent" : "rank 0", master());
}

RankEnvironment read_rank_environment() {
  constexpr int64_t kMostRanks = 1'000'000;
  RankEnvironment environment;
  const std::optional<std::string> size = variable("WORLD_SIZE"), rank = variable("RANK");
  if (!size) {
    if (rank && *rank != "0") fail("make_group", "RANK is {} and WORLD_SIZE is not set: set both or none", *rank);
    return environment;
  }
  environment.size = number("WORLD_SIZE", *size, 1, kMostRanks);
  if (environment.size == 1 && !rank) return environment;
  environment.rank = number("RANK", required("RANK", environment.size), 0, environment.size - 1);
  if (environment.size == 1) return environment;
  environment.master_addr = required("MASTER_ADDR", environment.size);
  environment.master_port =
      static_cast<uint16_t>(number("MASTER_PORT", required("MASTER_PORT", environment.size), 1, 65535));
  const std::string agent = variable("TORCHELASTIC_USE_AGENT_STORE").value_or("False");
  environment.agent_store = agent == "True" || agent == "true" || agent == "1";
  environment.attempt = variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
  environment.secret = variable(kGroupKey).value_or(variable("TORCHELASTIC_RUN_ID").value_or(""));
  environment.one_machine = means_one_machine(environment);
  if (environment.one_machine && !environment.agent_store && !is_loopback(environment.master_addr)) {
    environment.master_addr = "127.0.0.1";
  }
  return environment;
}

int64_t local_rank() {
  const std::optional<std::string> value = variable("LOCAL_RANK");
  return value ? number("LOCAL_RANK", *value, 0, 1023) : 0;
}

}  // namespace hqsam
