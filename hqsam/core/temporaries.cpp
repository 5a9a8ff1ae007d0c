// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/temporaries.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstring>
#include <mutex>

namespace hqsam {
namespace {

// `noted` is set only while `path` is complete: a signal handler may not lock and must not see a partial name.
struct Place {
  std::atomic<bool> noted = false;
  std::array<char, PATH_MAX> path;
};
std::array<Place, 64> places;
std::mutex mutex;  // serializes the functions that add and remove entries
std::atomic<bool> ending = false;

void end_by_signal(int signal) {
  remove_temporaries();
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  raise(signal);  // comes when this handler returns
}

}  // namespace

void note_temporary(const char* path) {
  while (ending) pause();
  const size_t length = std::strlen(path);
  if (length >= PATH_MAX) return;
  const std::lock_guard lock(mutex);
  for (Place& place : places) {
    if (place.noted) continue;
    std::memcpy(place.path.data(), path, length + 1);
    place.noted = true;
    return;
  }
}

void forget_temporary(const char* path) {
  const std::lock_guard lock(mutex);
  for (Place& place : places) {
    if (!place.noted || std::strcmp(place.path.data(), path) != 0) continue;
    place.noted = false;
    return;
  }
}

void remove_temporaries() {
  ending = true;
  for (Place& place : places) {
    if (place.noted) ::unlink(place.path.data());
  }
  for (Place& place : places) {
    if (place.noted) ::rmdir(place.path.data());  // empty now
  }
}

void remove_temporaries_on_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction now {};
    if (sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = end_by_signal;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace hqsam
