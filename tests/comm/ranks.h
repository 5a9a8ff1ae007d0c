// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "temporary_folder.h"

namespace hqsam::ranks {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A socket that listens at a port the system picked.
struct Listener {
  Listener() {
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(socket, 1), 0);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~Listener() { ::close(socket); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  int socket = -1, port = 0;
};

inline int free_port() { return Listener().port; }

// The ranks of a group, each this test program anew, playing the role of the disabled test Rank.DISABLED_<role>.
class Ranks {
 public:
  using Variables = std::map<std::string, std::string>;

  Ranks(const std::string& role, int size, milliseconds timeout, Variables more = {})
      : role_(role), size_(size), variables_(std::move(more)) {
    variables_.insert({{"WORLD_SIZE", std::to_string(size)},
                       {"MASTER_ADDR", "127.0.0.1"},
                       {"MASTER_PORT", std::to_string(free_port())},
                       {"HQSAM_TEST_TIMEOUT", std::to_string(timeout.count())},
                       {"HQSAM_TEST_FOLDER", folder_.path.string()},
                       {"OMP_NUM_THREADS", "1"}});
  }
  ~Ranks() {
    for (const auto& [rank, pid] : running_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  void start_all() {
    for (int rank = 0; rank < size_; ++rank) start(rank);
  }
  void start(int rank, const Variables& more = {}) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
      ::setenv("RANK", std::to_string(rank).c_str(), 1);
      for (const auto& [name, value] : more) ::setenv(name.c_str(), value.c_str(), 1);
      const int output = ::open((file(rank, "output")).c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
      ::dup2(output, STDOUT_FILENO);
      ::dup2(output, STDERR_FILENO);
      ::execl("/proc/self/exe", "test_comm", "--gtest_also_run_disabled_tests",
              ("--gtest_filter=Rank.DISABLED_" + role_).c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    running_[rank] = child;
  }

  pid_t pid(int rank) const { return running_.at(rank); }
  void signal(int rank, int number) { ::kill(running_.at(rank), number); }

  void forget_ready() {
    for (int rank = 0; rank < size_; ++rank) fs::remove(file(rank, "ready"));
  }
  // Until all ranks have called ready().
  void wait_until_ready() {
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    for (int rank = 0; rank < size_; ++rank) {
      while (!fs::exists(file(rank, "ready"))) {
        ASSERT_LT(Clock::now(), deadline) << "rank " << rank << ": " << output(rank);
        std::this_thread::sleep_for(milliseconds(5));
      }
    }
  }

  // Its wait status, once it has ended. Kills it and fails the test after `most`.
  int wait(int rank, milliseconds most = std::chrono::seconds(60)) {
    const pid_t pid = running_.at(rank);
    const auto deadline = Clock::now() + most;
    int status = 0;
    while (::waitpid(pid, &status, WNOHANG) == 0) {
      if (Clock::now() > deadline) {
        ADD_FAILURE() << "rank " << rank << " does not end: " << output(rank);
        return 0;  // killed by the destructor
      }
      std::this_thread::sleep_for(milliseconds(5));
    }
    running_.erase(rank);
    return status;
  }

  // All exit with 0, which a role does where its expectations held.
  void expect_all_pass() {
    for (int rank = 0; rank < size_; ++rank) EXPECT_EQ(wait(rank), 0) << "rank " << rank << ": " << output(rank);
  }

  // The rank ends within `most`, having met an Error; its message.
  std::string error_of(int rank, milliseconds most) {
    wait(rank, most);
    return read(file(rank, "error"));
  }
  std::string output(int rank) const { return read(file(rank, "output")); }

 private:
  fs::path file(int rank, const char* name) const { return folder_.path / (std::to_string(rank) + "." + name); }

  std::string role_;
  int size_;
  testing_support::TemporaryFolder folder_;
  Variables variables_;
  std::map<int, pid_t> running_;
};

// Within a role.
inline milliseconds timeout() { return milliseconds(std::stoll(::getenv("HQSAM_TEST_TIMEOUT"))); }

inline void leave_note(const char* name, const std::string& text) {
  const fs::path path = fs::path(::getenv("HQSAM_TEST_FOLDER")) / (std::string(::getenv("RANK")) + "." + name);
  std::ofstream(path.string() + ".tmp") << text;
  fs::rename(path.string() + ".tmp", path);
}

inline void ready() { leave_note("ready", "ready"); }

// Returns once all ranks have started: loading libtorch takes its time on a busy machine and is no part of a timeout.
inline void wait_for_all_to_start() {
  leave_note("started", "started");
  const fs::path folder = ::getenv("HQSAM_TEST_FOLDER");
  for (int rank = 0; rank < std::stoi(::getenv("WORLD_SIZE")); ++rank) {
    while (!fs::exists(folder / (std::to_string(rank) + ".started"))) std::this_thread::sleep_for(milliseconds(5));
  }
}

}  // namespace hqsam::ranks
