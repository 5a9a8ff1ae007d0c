// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/print.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace hqsam {

// What finish_printing() says in a child process whose stdout is `descriptor`.
int printed_to(int descriptor) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGPIPE, SIG_IGN);
    dup2(descriptor, STDOUT_FILENO);
    for (int i = 0; i < 10'000; ++i) print_line("line {}", i);
    _exit(finish_printing());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Print, TellsAtTheEndWhyTheStandardOutputTookNoMore) {
  const int full = ::open("/dev/full", O_WRONLY);
  EXPECT_EQ(printed_to(full), ENOSPC);
  ::close(full);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(printed_to(ends[1]), EPIPE);
  ::close(ends[1]);
  const int null = ::open("/dev/null", O_WRONLY);
  EXPECT_EQ(printed_to(null), 0);
  ::close(null);
}

TEST(Print, ShowsControlCharactersButTheEndsOfLines) {
  testing::internal::CaptureStdout();
  print_line("{}", "a\nb\x1b[31m");
  print_lines("one\ttwo\nthree");
  print_raw("raw\t\n");
  EXPECT_EQ(finish_printing(), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a\\nb\\x1b[31m\none\\ttwo\nthree\nraw\t\n");
}

}  // namespace hqsam
