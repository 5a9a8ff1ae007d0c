// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/launch.h"

#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "hqsam/comm/child_process.h"
#include "hqsam/comm/environment.h"
#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kUsage = 2, kStopped = 75;
constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGUSR1};
constexpr char kLaunchId[] = "HQSAM_LAUNCH_ID";

// Blocks this process's signals and reads them one by one; the destructor restores the mask.
class Signals {
 public:
  Signals() {
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    for (const int signal : kForwarded) sigaddset(&taken, signal);
    ::sigprocmask(SIG_BLOCK, &taken, &before_);
    descriptor_ = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor_ < 0) fail("launch", "no signalfd: {}", errno_text(errno));
    pipe_before_ = ::signal(SIGPIPE, SIG_IGN);
  }
  ~Signals() {
    ::close(descriptor_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    ::signal(SIGPIPE, pipe_before_);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int descriptor() const { return descriptor_; }
  // The next signal to forward to the ranks, or 0.
  int next() {
    signalfd_siginfo info;
    while (::read(descriptor_, &info, sizeof info) == sizeof info) {
      if (info.ssi_signo == SIGCHLD) continue;
      stop_asked_ = true;
      return static_cast<int>(info.ssi_signo);
    }
    return 0;
  }
  // Whether a signal has arrived.
  bool stop_asked() {
    while (next() != 0) continue;
    return stop_asked_;
  }
  // Waits until the timeout or the next signal.
  void wait(std::chrono::milliseconds time) {
    const auto until = Clock::now() + time;
    while (!stop_asked() && Clock::now() < until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      pollfd news{descriptor_, POLLIN, 0};
      ::poll(&news, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    }
  }

 private:
  int descriptor_ = -1;
  bool stop_asked_ = false;
  sigset_t before_;
  void (*pipe_before_)(int);
};

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool found = socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  const int error = errno;
  if (socket >= 0) ::close(socket);
  if (!found) fail("launch", "found no free port: {}", errno_text(error));
  return ntohs(address.sin_port);
}

int usable_cores() {
  cpu_set_t cores;
  return ::sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

int code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

std::string end_of(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("exited with code {}", WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return fmt::format("was killed by SIG{}", name != nullptr ? name : std::to_string(WTERMSIG(status)));
}

// This process's environment, overridden by the given variables.
std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  const auto name_of = [](std::string_view variable) { return variable.substr(0, variable.find('=')); };
  std::vector<std::string> all;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view name = name_of(*variable);
    const bool replaced =
        std::any_of(added.begin(), added.end(), [&](const std::string& other) { return name_of(other) == name; });
    if (!replaced && !name.starts_with("TORCHELASTIC_")) all.emplace_back(*variable);
  }
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

// Starts all ranks once and waits until the last has ended.
class Attempt {
 public:
  Attempt(const LaunchOptions& options, int count, const std::string& id, Signals& signals);
  StartEnd run();

 private:
  void start(int local_rank, const std::vector<std::string>& shared);
  bool any_running() const;
  void wait_for_news();
  void reap();
  void note_end(size_t local_rank, int status);
  void keep_time();
  void terminate();
  void signal_all(int number);
  void report() const;

  const LaunchOptions& options_;
  Signals& signals_;
  std::vector<std::unique_ptr<ChildProcess>> ranks_;
  struct Failure {
    size_t local_rank;
    int status;
    Clock::time_point at;
  };
  std::optional<Failure> failure_;
  Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> terminate_at_, kill_at_;
};

Attempt::Attempt(const LaunchOptions& options, int count, const std::string& id, Signals& signals)
    : options_(options), signals_(signals) {
  std::vector<std::string> shared = {
      fmt::format("WORLD_SIZE={}", options.nodes * options.nproc),
      fmt::format("LOCAL_WORLD_SIZE={}", options.nproc),
      fmt::format("MASTER_ADDR={}", options.master_addr.empty() ? "127.0.0.1" : options.master_addr),
      fmt::format("MASTER_PORT={}", options.master_port == 0 ? free_port() : options.master_port),
      fmt::format("HQSAM_RESTART={}", count),
      fmt::format("{}={}", kLaunchId, id)};
  if (options.nodes == 1 && std::getenv(kGroupKey) == nullptr) {
    shared.push_back(fmt::format("{}={}", kGroupKey, random_id()));
  }
  if (std::getenv("OMP_NUM_THREADS") == nullptr) {
    shared.push_back(fmt::format("OMP_NUM_THREADS={}", std::max(1, usable_cores() / options.nproc)));
  }
  for (int local_rank = 0; local_rank < options.nproc; ++local_rank) start(local_rank, shared);
}

void Attempt::start(int local_rank, const std::vector<std::string>& shared) {
  const int rank = options_.node_rank * options_.nproc + local_rank;
  std::vector<std::string> variables = shared;
  variables.push_back(fmt::format("RANK={}", rank));
  variables.push_back(fmt::format("LOCAL_RANK={}", local_rank));
  ranks_.push_back(std::make_unique<ChildProcess>(options_.program, options_.arguments, environment_with(variables),
                                                  fmt::format("[{}] ", rank), options_.unblocks_signals));
}

StartEnd Attempt::run() {
  while (any_running()) {
    wait_for_news();
    while (const int signal = signals_.next()) signal_all(signal);
    for (const auto& rank : ranks_) rank->pass_on();
    reap();
    keep_time();
  }
  for (const auto& rank : ranks_) rank->finish();
  report();
  if (!failure_) return {};
  StartEnd end{code_of(failure_->status), "",
               std::chrono::duration_cast<std::chrono::milliseconds>(failure_->at - start_)};
  for (const std::string& line : ranks_[failure_->local_rank]->last_lines()) {
    if (!line.empty()) end.last_line = line;
  }
  return end;
}

bool Attempt::any_running() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const auto& rank) { return rank->running(); });
}

void Attempt::wait_for_news() {
  std::vector<pollfd> news{{signals_.descriptor(), POLLIN, 0}};
  for (const auto& rank : ranks_) {
    news.push_back({rank->output(), POLLIN, 0});  // poll ignores -1
    news.push_back({rank->errors(), POLLIN, 0});
  }
  const bool timed = terminate_at_ || kill_at_;
  ::poll(news.data(), news.size(), timed ? 50 : -1);
}

void Attempt::reap() {
  for (size_t i = 0; i < ranks_.size(); ++i) {
    int status = 0;
    if (ranks_[i]->reap(status)) note_end(i, status);
  }
}

void Attempt::note_end(size_t local_rank, int status) {
  const int code = code_of(status);
  if (code == 0 || kill_at_) return;  // ranks that end after our SIGTERM are not at fault
  const bool first = !failure_;
  if (first || (code_of(failure_->status) == kStopped && code != kStopped))
    failure_ = {local_rank, status, Clock::now()};
  if (code != kStopped) {
    terminate();
  } else if (first) {
    terminate_at_ = Clock::now() + options_.grace;
  }
}

void Attempt::keep_time() {
  const auto now = Clock::now();
  if (kill_at_) {
    if (now >= *kill_at_) signal_all(SIGKILL);
  } else if (terminate_at_ && now >= *terminate_at_) {
    terminate();
  }
}

void Attempt::terminate() {
  signal_all(SIGTERM);
  signal_all(SIGCONT);  // a stopped process handles no other signal
  kill_at_ = Clock::now() + options_.grace;
}

void Attempt::signal_all(int number) {
  for (const auto& rank : ranks_) rank->signal(number);
}

void Attempt::report() const {
  if (!failure_) return;
  const int rank = options_.node_rank * options_.nproc + static_cast<int>(failure_->local_rank);
  if (code_of(failure_->status) == kStopped || signals_.stop_asked()) {
    spdlog::info("stopped: rank {} {}", rank, end_of(failure_->status));
    return;
  }
  spdlog::error("first failure: rank {} {}; its last lines:", rank, end_of(failure_->status));
  for (const std::string& line : ranks_[failure_->local_rank]->last_lines()) spdlog::error("    {}", line);
}

}  // namespace

void LaunchOptions::validate() const {
  const auto check = [](bool good, const char* what, const auto& got) {
    if (!good) fail("LaunchOptions", "{}, got {}", what, got);
  };
  check(!program.empty(), "program is what to start", "none");
  check(nproc >= 1 && nproc <= 1024, "nproc is from 1 to 1024", nproc);
  check(nodes >= 1 && nodes <= 65536, "nodes is from 1 to 65536", nodes);
  check(node_rank >= 0 && node_rank < nodes, "node_rank counts from 0 and is less than nodes", node_rank);
  check(master_port >= 0 && master_port <= 65535, "master_port must be from 1 to 65535", master_port);
  check(max_restarts >= 0, "max_restarts must not be negative", max_restarts);
  if (nodes > 1 && (master_addr.empty() || master_port == 0)) {
    fail("LaunchOptions", "{} nodes need master_addr and master_port: machine 0 and a free port there, the same on all",
         nodes);
  }
}

int launch(const LaunchOptions& options) {
  Signals signals;  // first, so that no signal is lost
  options.validate();
  const std::string id = random_id();
  Restarts restarts(options.restarts);
  for (int count = 0;; ++count) {
    if (signals.stop_asked()) {
      spdlog::info("stopped while no rank ran");
      return kStopped;
    }
    const StartEnd end = Attempt(options, count, id, signals).run();
    if (end.code == 0 || end.code == kUsage || end.code == kStopped || signals.stop_asked() ||
        count == options.max_restarts) {
      return end.code;
    }
    const auto wait = restarts.wait_after(end);
    if (!wait) {
      spdlog::error("not started again: the same failure came twice, each within {} of the start (code {}: {})",
                    human_seconds(std::chrono::duration<double>(options.restarts.early).count()), end.code,
                    end.last_line.empty() ? "it said nothing" : cut_short(end.last_line, 300));
      return end.code;
    }
    spdlog::warn("starting all ranks anew in {:g} s ({} of {})", std::chrono::duration<double>(*wait).count(),
                 count + 1, options.max_restarts);
    signals.wait(*wait);
  }
}

std::string launch_id() {
  const char* id = std::getenv(kLaunchId);
  return id != nullptr ? id : "";
}

}  // namespace hqsam
