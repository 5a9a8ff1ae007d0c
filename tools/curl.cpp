// SPDX-License-Identifier: Apache-2.0
#include "curl.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Runs between fork and exec, so it may only call async-signal-safe functions.
[[noreturn]] void become_curl(char* const* arguments, int errors, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) _exit(kNoCurl);  // the parent has already ended
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  _exit(kNoCurl);
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

std::string read_to_end(int descriptor, const std::function<void()>& meanwhile) {
  constexpr int kPatience = 200;  // ms
  std::string text;
  for (;;) {
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kPatience);
    meanwhile();
    if (ready <= 0) continue;
    char buffer[1024];
    const ssize_t count = ::read(descriptor, buffer, sizeof(buffer));
    if (count == 0 || (count < 0 && errno != EINTR)) return text;
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

CurlEnd run_curl(const std::vector<std::string>& arguments, const std::function<void()>& meanwhile) {
  std::vector<std::string> words = {"curl"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("weights", "cannot make a pipe: {}", errno_text(errno));
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) become_curl(pointers.data(), ends[1], parent);
  const int reason = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    fail("weights", "cannot start curl: {}", errno_text(reason));
  }
  const std::string errors = read_to_end(ends[0], meanwhile);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), last_line(errors)};
}

}  // namespace hqsam
