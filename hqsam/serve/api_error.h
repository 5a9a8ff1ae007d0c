// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

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

}  // namespace hqsam
