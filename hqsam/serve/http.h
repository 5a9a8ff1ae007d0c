// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace hqsam {

// One request, as it came: nothing is decoded.
struct HttpRequest {
  std::string method;                    // "GET", ...
  std::string path, query;               // of the target, before and after its first '?'
  std::string host, origin, fetch_site;  // Host, Origin and Sec-Fetch-Site; "": not sent
  std::string token;                     // X-Token
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
};

// {"error": message}
HttpResponse error_response(int status, const std::string& message);

}  // namespace hqsam
