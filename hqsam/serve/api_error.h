// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "hqsam/core/error.h"

namespace hqsam {

// A request that cannot be done, with the status of its answer and what the answer holds beside "error".
class ApiError : public Error {
 public:
  ApiError(int status, const std::string& message, nlohmann::json more = nlohmann::json::object())
      : Error(message), status(status), more(std::move(more)) {}
  int status;
  nlohmann::json more;
};

// For a request that is not what it should be: ApiError of status 400, its message as fail() makes it.
template <class... Args>
[[noreturn]] void refuse(std::string_view function, fmt::format_string<Args...> message, Args&&... args) {
  throw ApiError(400, fmt::format("[{}] {}", function, fmt::format(message, std::forward<Args>(args)...)));
}

}  // namespace hqsam
