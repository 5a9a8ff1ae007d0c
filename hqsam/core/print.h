// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/fmt/fmt.h>

#include <string_view>
#include <utility>

namespace hqsam {

// What a command says on the standard output. Nothing here throws: a reader that went away or a full disk must not
// cost the files that are written besides. finish_printing() tells at the end.

// A line, without its end; control characters in it are shown as text (see shown()).
void print_line(std::string_view line);
template <class First, class... Rest>
void print_line(fmt::format_string<First, Rest...> format, First&& first, Rest&&... rest) {
  print_line(std::string_view(fmt::format(format, std::forward<First>(first), std::forward<Rest>(rest)...)));
}

// Whole lines, with their ends.
void print_lines(std::string_view lines);

// As it is: JSON, which has control characters as text already.
void print_raw(std::string_view text);

// A line on stderr that no log level silences, control characters shown as text.
void tell_line(std::string_view line);

// Brings out what waits. 0, or the errno of the first failure; EPIPE is a reader that had enough.
int finish_printing();

}  // namespace hqsam
