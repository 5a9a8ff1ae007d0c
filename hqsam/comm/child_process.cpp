// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr size_t kLongestLine = 1 << 16;  // bytes; longer ones are cut in two
constexpr size_t kKeptLines = 10;

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // the reader is gone; the run continues
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// What execve takes.
std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

struct Ends {
  int read = -1, write = -1;
};

Ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("launch", "no pipe: {}", errno_text(errno));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {ends[0], ends[1]};
}

struct Start {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int output, errors;
  pid_t parent;
  bool keeps_block;
};

// Runs in the new process before exec, where only async-signal-safe calls are allowed.
[[noreturn]] void become(const Start& start) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(127);  // the parent ended before prctl took effect
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(start.output, STDOUT_FILENO);
  ::dup2(start.errors, STDERR_FILENO);
  sigset_t freed;
  start.keeps_block ? sigemptyset(&freed) : sigfillset(&freed);
  sigaddset(&freed, SIGCHLD);  // the program may wait for its own children
  ::sigprocmask(SIG_UNBLOCK, &freed, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(start.program, start.arguments, start.environment);
  const char* const reason = std::strerror(errno);
  for (const char* text : {"error: can't start ", start.program, ": ", reason, "\n"}) {
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) break;
  }
  ::_exit(127);
}

}  // namespace

void LinePrefixer::feed(std::string_view text) {
  for (const char c : text) {
    if (c == '\r') {
      finish();
    } else if (c == '\n') {
      if (last_ != '\r') end_line();  // "\r\n" ends one line
    } else {
      line_ += c;
      if (line_.size() >= kLongestLine) end_line();
    }
    last_ = c;
  }
}

void LinePrefixer::finish() {
  if (!line_.empty()) end_line();
}

void LinePrefixer::end_line() {
  write_all(output_, prefix_ + line_ + "\n");
  last_lines_.push_back(std::exchange(line_, ""));
  if (last_lines_.size() > kKeptLines) last_lines_.pop_front();
}

void ChildProcess::Pipe::pass_on() {
  char buffer[1 << 14];
  while (descriptor >= 0) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count > 0) {
      lines.feed({buffer, static_cast<size_t>(count)});
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      close();
    } else {
      return;
    }
  }
}

void ChildProcess::Pipe::close() {
  lines.finish();
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment, const std::string& prefix, bool keeps_block)
    : output_{LinePrefixer(prefix, STDOUT_FILENO)}, errors_{LinePrefixer(prefix, STDERR_FILENO)} {
  std::vector<std::string> all{program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = pointers(all), envp = pointers(environment);
  const Ends output = make_pipe(), errors = make_pipe();
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    become({program.c_str(), argv.data(), envp.data(), output.write, errors.write, parent, keeps_block});
  }
  const int error = errno;
  ::close(output.write);
  ::close(errors.write);
  output_.descriptor = output.read;
  errors_.descriptor = errors.read;
  if (child < 0) {
    finish();
    fail("launch", "can't start a process: {}", errno_text(error));
  }
  ::setpgid(child, child);  // parent and child both do this; the first call takes effect
  pid_ = child;
}

ChildProcess::~ChildProcess() {
  if (running()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  finish();
}

void ChildProcess::signal(int number) const {
  if (running() && ::kill(-pid_, number) != 0) ::kill(pid_, number);
}

bool ChildProcess::reap(int& status) {
  if (!running() || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  ::kill(-pid_, SIGKILL);  // also ends the processes that it started
  pid_ = -1;
  return true;
}

void ChildProcess::pass_on() {
  output_.pass_on();
  errors_.pass_on();
}

void ChildProcess::finish() {
  pass_on();
  output_.close();
  errors_.close();
}

}  // namespace hqsam
