// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "hqsam/serve/http.h"

namespace hqsam {

struct HttpServerOptions {
  uint16_t port = 0;                             // 0: any that is free
  size_t head_bytes = 8 << 10;                   // of a request; longer ones are answered with 431
  size_t body_bytes = 64 << 20;                  // longer ones with 413, unread
  std::chrono::milliseconds read_time{10'000};   // from a request's first byte to its last
  std::chrono::milliseconds idle_time{30'000};   // for the first byte
  std::chrono::milliseconds write_time{60'000};  // of an answer
  size_t connections = 32;                       // at once; others are answered with 503
  size_t workers = 8;                            // threads that make answers
};

// HTTP/1.1 on 127.0.0.1.
class HttpServer {
 public:
  // By a request's head: the answer to one that is refused. Its body is not read then.
  using Refuse = std::function<std::optional<HttpResponse>(const HttpRequest& head)>;
  // On one of the workers. What it throws is answered with 500.
  using Answer = std::function<HttpResponse(const HttpRequest& request)>;

  // Takes the port. Throws Error where it is not free.
  explicit HttpServer(const HttpServerOptions& options);
  ~HttpServer();  // stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;
  void start(Refuse refuse, Answer answer);
  // Takes no more requests, waits for the answers that are being made, and closes all connections.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hqsam
