// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/temporaries.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace fs = std::filesystem;

// The signal that ended a child process which did the work and then raised it; 0 where it ended otherwise.
int signal_that_ends(int raised, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(raised, SIG_DFL);  // nohup ignores SIGHUP
    work();
    raise(raised);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(Temporaries, GoWhenASignalEndsTheProgram) {
  const testing_support::TemporaryFolder folder;
  write_file(folder.path / "kept", "old");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    EXPECT_EQ(signal_that_ends(signal,
                               [&] {
                                 remove_temporaries_on_signals();
                                 auto* first = new AtomicFile(folder.path / "kept");
                                 auto* second = new AtomicFile(folder.path / "new");
                                 first->write("half");
                                 second->write("half");
                                 write_file(folder.path / "whole", "whole");
                               }),
              signal);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 2);
    EXPECT_EQ(read_file(folder.path / "kept"), "old");
    EXPECT_EQ(read_file(folder.path / "whole"), "whole");
  }
}

TEST(Temporaries, AFolderInTheMakingGoesWithItsFiles) {
  const testing_support::TemporaryFolder folder;
  const fs::path making = folder.path / "making", file = making / "config.json";
  EXPECT_EQ(signal_that_ends(SIGTERM,
                             [&] {
                               remove_temporaries_on_signals();
                               note_temporary(making.c_str());
                               fs::create_directories(making);
                               note_temporary(file.c_str());
                               write_file(file, "{}");
                             }),
            SIGTERM);
  EXPECT_FALSE(fs::exists(making));
}

TEST(Temporaries, MoreThanAreKnownAreNoError) {
  const testing_support::TemporaryFolder folder;
  std::vector<std::unique_ptr<AtomicFile>> files;
  for (int i = 0; i < 200; ++i) files.push_back(std::make_unique<AtomicFile>(folder.path / std::to_string(i)));
  for (const auto& file : files) file->commit();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path), {}), 200);
}

TEST(Temporaries, AnIgnoredSignalStaysIgnored) {
  EXPECT_EQ(signal_that_ends(SIGHUP,
                             [] {
                               std::signal(SIGHUP, SIG_IGN);
                               remove_temporaries_on_signals();
                             }),
            0);
}

}  // namespace hqsam
