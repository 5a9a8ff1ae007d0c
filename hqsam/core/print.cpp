// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/print.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

#include "hqsam/core/text.h"

namespace hqsam {
namespace {

std::atomic<int> first_failure = 0;

void note_failure(int reason) {
  int none = 0;
  first_failure.compare_exchange_strong(none, reason != 0 ? reason : EIO);
}

}  // namespace

void print_raw(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_failure(errno);
}

void print_line(std::string_view line) { print_raw(shown(line) + "\n"); }

void print_lines(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    print_line(lines.substr(0, end));
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
}

void tell_line(std::string_view line) { std::fputs((shown(line) + "\n").c_str(), stderr); }

int finish_printing() {
  errno = 0;
  if (std::fflush(stdout) != 0) note_failure(errno);
  if (std::ferror(stdout) != 0) note_failure(EIO);  // code that writes to stdout directly has failed
  return first_failure;
}

}  // namespace hqsam
