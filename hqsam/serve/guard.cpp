// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/guard.h"

#include <nlohmann/json.hpp>
#include <random>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

// 128 bits of the system's randomness, in hex.
std::string random_token() {
  std::random_device device;
  std::string token;
  for (int i = 0; i < 4; ++i) token += fmt::format("{:08x}", device());
  return token;
}

// Takes as long for any wrong token.
bool equal(std::string_view given, std::string_view own) {
  if (given.size() != own.size()) return false;
  unsigned differs = 0;
  for (size_t i = 0; i < own.size(); ++i) differs |= static_cast<unsigned char>(given[i] ^ own[i]);
  return differs == 0;
}

std::string_view token_of_query(std::string_view query) {
  constexpr std::string_view kName = "token=";
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    if (part.starts_with(kName)) return part.substr(kName.size());
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return {};
}

}  // namespace

HttpResponse error_response(int status, const std::string& message) {
  const nlohmann::json json = {{"error", message}};
  return {.status = status, .body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

Guard::Guard(uint16_t port, std::string token)
    : port_(port), token_(token.empty() ? random_token() : std::move(token)) {}

std::string Guard::start_url() const { return fmt::format("http://127.0.0.1:{}/?token={}", port_, token_); }

bool Guard::is_own_place(const std::string& host) const {
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
    if (lower_case(host) == fmt::format("{}:{}", name, port_)) return true;
  }
  return false;
}

bool Guard::has_token(const HttpRequest& request) const {
  if (equal(request.token, token_)) return true;
  return request.method == "GET" && request.path.ends_with("/image") && equal(token_of_query(request.query), token_);
}

std::optional<HttpResponse> Guard::refuse(const HttpRequest& request) const {
  if (!is_own_place(request.host)) {
    return error_response(403, fmt::format("this server answers to 127.0.0.1:{0} and localhost:{0} alone", port_));
  }
  constexpr std::string_view kHttp = "http://";
  const bool from_here = request.origin.starts_with(kHttp) && is_own_place(request.origin.substr(kHttp.size()));
  if (!request.origin.empty() && !from_here) return error_response(403, "pages of other sites are not served");
  const bool changes = request.method != "GET" && request.method != "HEAD";
  const bool other_site =
      !request.fetch_site.empty() && request.fetch_site != "same-origin" && request.fetch_site != "none";
  if (changes && request.origin.empty() && other_site) {
    return error_response(403, "pages of other sites are not served");
  }
  if (request.path.starts_with("/api/") && !has_token(request)) {
    return error_response(401, "the token is missing or of another run: open the address that hqsam annotate printed");
  }
  return {};
}

}  // namespace hqsam
