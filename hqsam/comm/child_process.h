// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// Passes text on line by line, each with a prefix, and remembers the last ones. A carriage return ends a line too.
class LinePrefixer {
 public:
  LinePrefixer(std::string prefix, int output) : prefix_(std::move(prefix)), output_(output) {}

  void feed(std::string_view text);
  void finish();  // the last line may have no end
  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  void end_line();

  std::string prefix_, line_;
  int output_;
  char last_ = '\n';
  std::deque<std::string> last_lines_;
};

// A process whose output comes back with a prefix. It leads a process group of its own, so that a Ctrl-C of the
// terminal reaches only its parent, and is killed when its parent ends.
class ChildProcess {
 public:
  // environment: "NAME=value" each. keeps_block: the signals that are blocked here are so for the program too, which
  // takes the block off. Throws Error.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment, const std::string& prefix, bool keeps_block = false);
  ~ChildProcess();  // kills it
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool running() const { return pid_ > 0; }
  void signal(int number) const;  // to it and what it started

  // True once, when it has ended: status is then as waitpid's.
  bool reap(int& status);

  // The pipes' ends to read, -1 once they are at their end.
  int output() const { return output_.descriptor; }
  int errors() const { return errors_.descriptor; }
  // Passes on what there is to read now.
  void pass_on();
  // Passes on what is left and closes the pipes.
  void finish();
  const std::deque<std::string>& last_lines() const { return errors_.lines.last_lines(); }

 private:
  struct Pipe {
    LinePrefixer lines;
    int descriptor = -1;
    void pass_on();
    void close();
  };

  pid_t pid_ = -1;
  Pipe output_, errors_;
};

}  // namespace hqsam
