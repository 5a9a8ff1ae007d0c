// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/fmt/fmt.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace hqsam {

// The one exception type of hqsam. The message reads
// "[function] what was expected, what came, what to do", with shapes, paths and keys in it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws Error("[function] message"), the message formatted as by fmt.
template <class... Args>
[[noreturn]] void fail(std::string_view function, fmt::format_string<Args...> message, Args&&... args) {
  throw Error(fmt::format("[{}] {}", function, fmt::format(message, std::forward<Args>(args)...)));
}

}  // namespace hqsam
