// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hqsam/serve/http.h"

namespace hqsam {

// Who may speak to the server. Pages of other sites that a browser has open can send requests to this machine too, also
// under a name that they let lead here (DNS rebinding); other users of the machine can connect.
class Guard {
 public:
  // Of the port that is served; a random token where none is given.
  explicit Guard(uint16_t port, std::string token = {});

  // By the head of a request, before its body is read: the answer to one that is refused. Host must be this machine's
  // name with the port (403). Origin, where sent, must be that too; whatever changes something has it, or
  // Sec-Fetch-Site same-origin or none, or neither of the two (a script) (403). Paths under /api/ need the token, as
  // X-Token, or of a picture as ?token= (401).
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;

  const std::string& token() const { return token_; }
  std::string start_url() const;

 private:
  bool is_own_place(const std::string& host) const;
  bool has_token(const HttpRequest& request) const;

  uint16_t port_;
  std::string token_;
};

}  // namespace hqsam
