// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "common.h"
#include "hqsam/core/temporaries.h"

// These run before main(), and before a sanitizer's own start.
#define HQSAM_EARLY __attribute__((no_sanitize("address", "undefined")))

namespace hqsam {
namespace {

// Without memory of its own: there may be none.
HQSAM_EARLY void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody to tell
}

[[noreturn]] void end_in_one_line() {
  say("error: ");
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
    say("[hqsam] ended by a failure of its own");
  } catch (const std::bad_alloc&) {
    say("[hqsam] out of memory");
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("[hqsam] ended by an unknown exception");
  }
  say("\n");
  remove_temporaries();
  _exit(kExitError);
}

HQSAM_EARLY void begin(int, char**, char**) {
  std::set_terminate(end_in_one_line);
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) != descriptor) _exit(kExitError);  // takes the lowest number that is free
  }
  static char folder[PATH_MAX];
  if (::getcwd(folder, sizeof folder) == nullptr && errno == ENOENT) {  // oneMKL, for one, does not start then
    say("error: [hqsam] the working directory was removed: change to one that exists\n");
    _exit(kExitError);
  }
}

__attribute__((section(".preinit_array"), used)) void (*const kBegin)(int, char**, char**) = begin;

// libgomp's threads spin for milliseconds while they wait for each other, which makes small models ten times slower
// where another program uses a core. 10,000 turns cost little there and lose little on an idle machine. libgomp reads
// the variable before main, so the program starts itself anew with it.
void spin_briefly(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "10000", 1);
  execv("/proc/self/exe", argv);  // where that fails, threads spin
}

}  // namespace

void set_up_process(char** argv) {
  spin_briefly(argv);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that outgrows its limit
  std::signal(SIGPIPE, SIG_IGN);  // a reader that had enough
  remove_temporaries_on_signals();
}

}  // namespace hqsam
