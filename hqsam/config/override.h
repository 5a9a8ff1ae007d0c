// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace hqsam {

// A value that an option of a program puts in the place of a config's.
struct Override {
  std::string option;                                                  // for messages: "--limit"
  std::string key;                                                     // dotted: "evaluate.limit"
  std::variant<int64_t, std::string, std::vector<std::string>> value;  // the last: a list
};

}  // namespace hqsam
