// SPDX-License-Identifier: Apache-2.0
// A program that is not of the group and reaches its rendezvous can neither end the run nor speak in it.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "comm/ranks.h"
#include "hqsam/comm/environment.h"
#include "hqsam/comm/group.h"
#include "hqsam/comm/sealed_store.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using namespace std::chrono_literals;
using ranks::Clock;
using ranks::Ranks;

constexpr char kEscapes[] = "\x1b[2J\x1b[31mrank 0 stopped: \x07pwned";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

c10::intrusive_ptr<c10d::TCPStore> connect(int port) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(port);
  options.timeout = 10s;
  return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
}

// The keys that are there, as set() takes them: it puts a slash in front.
std::vector<std::string> keys_of(c10d::TCPStore& store) {
  std::vector<std::string> keys = store.listKeys();
  for (std::string& key : keys) key = key.substr(key.starts_with("/") ? 1 : 0);
  return keys;
}

// Writes over all that is there, and where it guesses that something will be.
void write_everywhere(c10d::TCPStore& store) {
  std::vector<std::string> keys = keys_of(store);
  std::set<std::string> prefixes{"", "hqsam/0/0/"};
  for (const std::string& key : keys) prefixes.insert(key.substr(0, key.find("sign/")));
  for (const std::string& prefix : prefixes) {
    for (const char* key : {"failed", "verdict", "arrival/1", "sign/1", "process/1"}) keys.push_back(prefix + key);
  }
  c10d::Store& plain = store;
  for (const std::string& key : keys) plain.set(key, kEscapes);
  static int number = 0;
  store.add(fmt::format("number/{}", number++), 7);
  store.append("failed", {0, 255, '\n'});
}

// Until the store is gone with the run.
void keep_writing(int port, bool deletes) {
  try {
    const auto store = connect(port);
    for (;;) {
      write_everywhere(*store);
      std::this_thread::sleep_for(10ms);
      if (!deletes) continue;
      for (const std::string& key : keys_of(*store)) store->deleteKey(key);
    }
  } catch (const std::exception&) {
  }
}

// Whether something at host accepts a connection.
bool answers(const char* host, int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, host, &address.sin_addr);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

// Connections that close at once, that bring garbage, and that stay; `count` of them, 300 a second.
void scan(int port, int count, const std::atomic<bool>& stop) {
  std::vector<int> staying;
  for (int i = 0; i < count && !stop; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (connected && i % 3 != 0) (void)!::write(socket, "GET / HTTP/1.1\r\n\r\n\0\xff\x80", 21);
    if (i % 3 == 2 && staying.size() < 100) {
      staying.push_back(socket);
    } else {
      ::close(socket);
    }
    std::this_thread::sleep_for(3300us);
  }
  for (const int socket : staying) ::close(socket);
}

// Where this process listens: "0100007F" for 127.0.0.1, as the system writes it.
std::set<std::string> listening_addresses(pid_t pid) {
  std::set<std::string> inodes, addresses;
  const std::string folder = "/proc/" + std::to_string(pid);
  for (const auto& entry : ranks::fs::directory_iterator(folder + "/fd")) {
    std::error_code gone;
    const std::string target = ranks::fs::read_symlink(entry, gone);
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  for (const char* table : {"/net/tcp", "/net/tcp6"}) {
    std::istringstream lines(ranks::read(folder + table));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string number, local, remote, state, skipped, inode;
      words >> number >> local >> remote >> state;
      for (int i = 0; i < 5; ++i) words >> skipped;
      words >> inode;
      if (state == "0A" && inodes.contains(inode)) addresses.insert(local.substr(0, local.find(':')));
    }
  }
  return addresses;
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

// As a training run does, for the seconds that HQSAM_TEST_SECONDS says; meets no Error.
TEST(Rank, DISABLED_WorksForSeconds) {
  const auto group = make_group({.timeout = ranks::timeout()});
  ranks::ready();
  const char* text = ::getenv("HQSAM_TEST_SECONDS");
  const auto until = Clock::now() + std::chrono::seconds(std::stoi(text != nullptr ? text : "3"));
  for (bool go_on = true; go_on;) {
    torch::Tensor more = torch::full({1}, Clock::now() < until ? 1.0 : 0.0);
    group->all_reduce_sum(more);
    go_on = more.item<float>() == static_cast<float>(group->size());
    EXPECT_EQ(group->all_gather_bytes("message").size(), static_cast<size_t>(group->size()));
    std::this_thread::sleep_for(10ms);
  }
}

// For stranger.sh: writes over the rendezvous at MASTER_PORT as long as it is there.
TEST(Rank, DISABLED_Stranger) { keep_writing(std::stoi(::getenv("MASTER_PORT")), /*deletes=*/false); }

// For stranger.sh: no port of MASTER_ADDR answers.
TEST(Rank, DISABLED_FindsNoPort) {
  for (int port = 1; port < 65536; ++port) EXPECT_FALSE(answers(::getenv("MASTER_ADDR"), port)) << port;
}

// For stranger.sh: connections to MASTER_PORT, 300 a second, for HQSAM_TEST_SECONDS.
TEST(Rank, DISABLED_Scans) {
  scan(std::stoi(::getenv("MASTER_PORT")), 300 * std::stoi(::getenv("HQSAM_TEST_SECONDS")), false);
}

TEST(Stranger, WhoWritesOverEveryKeyEndsNoRunAndIsNotQuoted) {
  for (const bool from_the_start : {false, true}) {
    const int port = ranks::free_port();
    Ranks ranks("WorksForSeconds", 2, 30s, {{kGroupKey, "secret"}, {"MASTER_PORT", std::to_string(port)}});
    ranks.start_all();
    if (!from_the_start) ranks.wait_until_ready();
    std::thread stranger(keep_writing, port, /*deletes=*/!from_the_start);
    ranks.expect_all_pass();
    stranger.join();
    for (const int rank : {0, 1}) EXPECT_FALSE(has(ranks.output(rank), "\x1b")) << ranks.output(rank);
    const std::string said = ranks.output(0) + ranks.output(1);
    if (from_the_start) EXPECT_TRUE(has(said, "is not of this group and is ignored")) << said;
  }
}

TEST(Stranger, WhoSpokeFirstDoesNotHideARealFailure) {
  const int port = ranks::free_port();
  Ranks ranks("Works", 2, 60s, {{kGroupKey, "secret"}, {"MASTER_PORT", std::to_string(port)}});
  ranks.start_all();
  ranks.wait_until_ready();
  write_everywhere(*connect(port));
  ranks.signal(1, SIGKILL);
  const std::string error = ranks.error_of(0, 30s);
  EXPECT_TRUE(has(error, "rank 1 ended or hangs")) << error;
}

TEST(Stranger, WithAnotherKeyDoesNotJoin) {
  Ranks ranks("MeetsAnError", 2, 3s);
  ranks.start(0, {{kGroupKey, "secret"}});
  ranks.start(1, {{kGroupKey, "guess"}});
  for (const int rank : {0, 1}) {
    const std::string error = ranks.error_of(rank, 30s);
    EXPECT_TRUE(has(error, fmt::format("rank {} did not come", 1 - rank)) || has(error, "ended during")) << error;
  }
}

TEST(Stranger, WhoScansThePortAtTheStartOnlySlowsIt) {
  const int port = ranks::free_port();
  std::atomic<bool> stop{false};
  std::thread scanner([&] { scan(port, 3000, stop); });
  Ranks ranks("Collectives", 2, 60s, {{"MASTER_PORT", std::to_string(port)}});
  ranks.start_all();
  ranks.expect_all_pass();
  stop = true;
  scanner.join();
}

TEST(Group, OfOneMachineListensAtLoopbackAlone) {
  const std::vector<Ranks::Variables> ways = {{{"MASTER_ADDR", "127.0.0.1"}},
                                              {{"MASTER_ADDR", "localhost"}, {"GLOO_SOCKET_IFNAME", "eth0"}},
                                              {{"MASTER_ADDR", host_name()}, {"LOCAL_WORLD_SIZE", "2"}}};
  for (const Ranks::Variables& variables : ways) {
    Ranks ranks("Works", 2, 60s, variables);
    ranks.start_all();
    ranks.wait_until_ready();
    for (const int rank : {0, 1}) {
      const auto addresses = listening_addresses(ranks.pid(rank));
      EXPECT_FALSE(addresses.empty());
      for (const std::string& address : addresses) {
        EXPECT_EQ(address, "0100007F") << "rank " << rank << " for " << variables.at("MASTER_ADDR");
      }
    }
  }
}

TEST(Group, KnowsWhenAllRanksAreOnOneMachine) {
  const auto read = [](const std::map<std::string, std::string>& more) {
    std::map<std::string, std::string> all{{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_PORT", "29500"}};
    all.insert(more.begin(), more.end());
    for (const auto& [name, value] : all) ::setenv(name.c_str(), value.c_str(), 1);
    const RankEnvironment environment = read_rank_environment();
    for (const auto& [name, value] : all) ::unsetenv(name.c_str());
    return std::pair(environment.one_machine, environment.master_addr);
  };
  const auto yes = [](const char* address) { return std::pair(true, std::string(address)); };
  const auto no = [](const char* address) { return std::pair(false, std::string(address)); };
  EXPECT_EQ(read({{"MASTER_ADDR", "127.0.0.1"}}), yes("127.0.0.1"));
  EXPECT_EQ(read({{"MASTER_ADDR", "127.3.2.1"}}), yes("127.3.2.1"));
  EXPECT_EQ(read({{"MASTER_ADDR", "::1"}}), yes("::1"));
  EXPECT_EQ(read({{"MASTER_ADDR", "localhost"}}), yes("127.0.0.1"));
  EXPECT_EQ(read({{"MASTER_ADDR", "10.1.2.3"}, {"LOCAL_WORLD_SIZE", "2"}}), yes("127.0.0.1"));
  EXPECT_EQ(read({{"MASTER_ADDR", "10.1.2.3"}, {"LOCAL_WORLD_SIZE", "1"}}), no("10.1.2.3"));
  EXPECT_EQ(read({{"MASTER_ADDR", "127.example.org"}}), no("127.example.org"));
  EXPECT_EQ(read({{"MASTER_ADDR", "node0"}}), no("node0"));
  // Some operators give this name to the first of several pods.
  EXPECT_EQ(read({{"MASTER_ADDR", "localhost"}, {"KUBERNETES_SERVICE_HOST", "10.0.0.1"}}), no("localhost"));
  EXPECT_EQ(read({{"MASTER_ADDR", "localhost"}, {"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"LOCAL_WORLD_SIZE", "2"}}),
            yes("127.0.0.1"));
}

}  // namespace hqsam
