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
#include <initializer_list>
#include <new>
#include <system_error>
#include <thread>

#include "common.h"
#include "hqsam/core/temporaries.h"

// These functions run before main() and before a sanitizer is initialized.
#define HQSAM_EARLY __attribute__((no_sanitize("address", "undefined")))

namespace hqsam {
namespace {

// Allocates no memory, since there may be none left.
HQSAM_EARLY void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // there is no one to report to
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

// The signal handler of train and launch until they install their own.
HQSAM_EARLY void stop_early(int) {
  say("stopped before anything was written: start it again, with --resume or without\n");
  remove_temporaries();
  _exit(kExitStopped);
}

HQSAM_EARLY bool stops_in_order(int argc, char** argv) {
  return argc > 1 && (std::strcmp(argv[1], "train") == 0 || std::strcmp(argv[1], "launch") == 0);
}

// Signals that request termination.
HQSAM_EARLY sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
  return signals;
}

HQSAM_EARLY void stop_early_on_signals() {
  const sigset_t signals = stop_signals();
  struct sigaction action {};
  action.sa_handler = stop_early;
  action.sa_mask = signals;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaction(signal, &action, nullptr);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);  // spin_briefly holds them back while the program starts anew
}

// Some libraries crash when memory runs out, such as oneDNN's convolutions under ulimit -v.
void crash(int signal) {
  say("error: [hqsam] crashed by ");
  say(signal == SIGSEGV ? "SIGSEGV" : signal == SIGBUS ? "SIGBUS" : signal == SIGFPE ? "SIGFPE" : "SIGILL");
  say(": too little memory (ulimit -v, a container's limit), or a fault of the program\n");
  remove_temporaries();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void tell_crashes() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    struct sigaction now {};
    const bool free = sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;  // not a sanitizer's
    if (free) std::signal(signal, crash);
  }
}

HQSAM_EARLY void begin(int argc, char** argv, char**) {
  std::set_terminate(end_in_one_line);
  if (stops_in_order(argc, argv)) stop_early_on_signals();
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
  const bool holds_back = stops_in_order(argv[0] != nullptr && argv[1] != nullptr ? 2 : 0, argv);
  const sigset_t signals = stop_signals();
  if (holds_back) sigprocmask(SIG_BLOCK, &signals, nullptr);
  execv("/proc/self/exe", argv);  // where that fails, threads spin
  if (holds_back) sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

void set_up_process(char** argv) {
  spin_briefly(argv);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the file size limit then fails with EFBIG
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed pipe then fails with EPIPE
  remove_temporaries_on_signals();
  tell_crashes();
}

// What the kernel puts below the stack pointer for a signal's handler overwrites other memory while oneDNN's float32
// product (jit_avx512_core_gemm_f32) has its thread's stack pointer in a buffer on the heap.
void take_signals_on_own_thread() {
  sigset_t signals = stop_signals();
  for (const int signal : {SIGHUP, SIGQUIT}) sigaddset(&signals, signal);
  try {
    std::thread([] {
      for (;;) pause();
    }).detach();
  } catch (const std::system_error&) {
    return;  // no thread can be had: signals come as before
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace hqsam
