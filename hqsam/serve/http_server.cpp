// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <set>
#include <thread>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"

namespace hqsam {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = beast::error_code;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

HttpRequest request_of(const http::request<http::string_body>& message) {
  HttpRequest request{.method = text_of(message.method_string())};
  const std::string target = text_of(message.target());
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  request.host = text_of(message[http::field::host]);
  request.origin = text_of(message[http::field::origin]);
  request.fetch_site = text_of(message["Sec-Fetch-Site"]);
  request.token = text_of(message["X-Token"]);
  // Two of one name are a trick: the first could be checked and the second believed.
  for (const char* name : {"Host", "Origin", "Sec-Fetch-Site", "X-Token"}) {
    if (message.count(name) > 1) request.host = "";
  }
  return request;
}

Response message_of(HttpResponse answer, unsigned version, bool keep_alive) {
  Response message(static_cast<http::status>(answer.status), version);
  message.set(http::field::content_type, answer.type);
  message.set(http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  message.set("X-Frame-Options", "DENY");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Content-Security-Policy", "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'");
  message.keep_alive(keep_alive);
  message.body() = std::move(answer.body);
  message.prepare_payload();
  return message;
}

// What every connection needs.
struct Shared {
  HttpServerOptions options;
  HttpServer::Refuse refuse;
  HttpServer::Answer answer;
  asio::thread_pool* workers = nullptr;
  std::set<class Connection*> open = {};  // these two: touched by the thread of the sockets alone
  bool stopping = false;
};

// One connection; lives as long as something waits for it. All but the answer is made on the thread of the sockets.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    shared_.open.insert(this);
  }
  ~Connection() { shared_.open.erase(this); }

  void run() { wait_for_request(); }

  void refuse_as_full() { write(error_response(503, "too many connections: close other windows of this page"), false); }

  // What is being answered is finished.
  void stop() {
    if (!answering_) close();
  }

 private:
  void close() { stream_.close(); }

  void wait_for_request() {
    answering_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_.options.head_bytes));
    parser_->body_limit(shared_.options.body_bytes);
    if (buffer_.size() > 0) return read_head();  // of a request that came with the one before
    stream_.expires_after(shared_.options.idle_time);
    stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](ErrorCode error, size_t count) {
      if (error) return self->close();
      self->buffer_.commit(count);
      self->read_head();
    });
  }

  void read_head() {
    stream_.expires_after(shared_.options.read_time);  // until the body's end
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](ErrorCode error, size_t) {
      if (error) return self->refuse_unread(error);
      self->head_is_there();
    });
  }

  void head_is_there() {
    if (auto refusal = shared_.refuse(request_of(parser_->get()))) return write(std::move(*refusal), false);
    if (parser_->get()[http::field::expect] == "100-continue") return write_continue();
    read_body();
  }

  void write_continue() {
    auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_, parser_->get().version());
    http::async_write(stream_, *go_on, [self = shared_from_this(), go_on](ErrorCode error, size_t) {
      error ? self->close() : self->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](ErrorCode error, size_t) {
      if (error) return self->refuse_unread(error);
      self->answer();
    });
  }

  void answer() {
    stream_.expires_never();
    answering_ = true;
    auto request = std::make_shared<HttpRequest>(request_of(parser_->get()));
    request->body = std::move(parser_->get().body());
    asio::post(*shared_.workers, [self = shared_from_this(), request] {
      auto answer = std::make_shared<HttpResponse>();
      try {
        *answer = self->shared_.answer(*request);
      } catch (const std::exception& error) {
        *answer = error_response(500, error.what());
      }
      asio::post(self->stream_.get_executor(),
                 [self, answer] { self->write(std::move(*answer), self->parser_->get().keep_alive()); });
    });
  }

  // A request that is too large or no HTTP is answered, one that ended or took too long is not.
  void refuse_unread(ErrorCode error) {
    if (error == http::error::header_limit) return write(error_response(431, "the request's head is too long"), false);
    if (error == http::error::body_limit) {
      return write(error_response(413, fmt::format("a request may have {} MB", shared_.options.body_bytes >> 20)),
                   false);
    }
    const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
    const bool malformed = error.category() == make_error_code(http::error::bad_method).category();
    if (malformed && !ended) return write(error_response(400, "this is no HTTP request"), false);
    close();
  }

  void write(HttpResponse answer, bool keep_alive) {
    const unsigned version = parser_ && parser_->is_header_done() ? parser_->get().version() : 11;
    response_ = message_of(std::move(answer), version, keep_alive);
    stream_.expires_after(shared_.options.write_time);
    http::async_write(stream_, response_, [self = shared_from_this(), keep_alive](ErrorCode error, size_t) {
      self->response_ = {};
      if (error) return self->close();
      keep_alive && !self->shared_.stopping ? self->wait_for_request() : self->end_writing();
    });
  }

  // Closing with unread bytes would reset the connection, and the answer could be lost on its way: what comes is read
  // and dropped for a little while.
  void end_writing() {
    ErrorCode ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(2));
    drop(1 << 20);
  }

  void drop(size_t left) {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(16384), [self = shared_from_this(), left](ErrorCode error, size_t count) {
      error || count >= left ? self->close() : self->drop(left - count);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{std::size_t{1} << 17};
  std::optional<Parser> parser_;
  Response response_;
  bool answering_ = false;
  Shared& shared_;
};

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(const HttpServerOptions& options) : acceptor_(context_), workers_(options.workers) {
    shared_.options = options;
    shared_.workers = &workers_;
    const Tcp::endpoint place(asio::ip::address_v4::loopback(), options.port);
    ErrorCode error;
    acceptor_.open(place.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(place, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      fail("HttpServer", "cannot serve on 127.0.0.1:{}: {}; --port 0 takes one that is free", options.port,
           error.message());
    }
    port_ = acceptor_.local_endpoint().port();
  }
  ~Impl() { stop(); }

  uint16_t port() const { return port_; }

  void start(Refuse refuse, Answer answer) {
    shared_.refuse = std::move(refuse);
    shared_.answer = std::move(answer);
    accept();
    sockets_ = std::thread([this] { context_.run(); });
  }

  void stop() {
    if (!sockets_.joinable()) return;
    asio::post(context_, [this] {
      ErrorCode ignored;
      acceptor_.close(ignored);
    });
    workers_.join();  // the answers that are being made
    asio::post(context_, [this] {
      retry_.cancel();
      shared_.stopping = true;
      for (Connection* connection : shared_.open) connection->stop();
    });
    sockets_.join();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](ErrorCode error, Tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) {  // such as too many open files: a little later there may be room
        retry_.expires_after(std::chrono::milliseconds(200));
        retry_.async_wait([this](ErrorCode) {
          if (acceptor_.is_open()) accept();
        });
        return;
      }
      const bool full = shared_.open.size() >= shared_.options.connections;
      const bool far_too_full = shared_.open.size() >= 2 * shared_.options.connections;
      if (!far_too_full) {
        const auto connection = std::make_shared<Connection>(std::move(socket), shared_);
        full ? connection->refuse_as_full() : connection->run();
      }
      accept();
    });
  }

  Shared shared_;
  asio::io_context context_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer retry_{context_};
  asio::thread_pool workers_;
  std::thread sockets_;
  uint16_t port_ = 0;
};

HttpServer::HttpServer(const HttpServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
HttpServer::~HttpServer() = default;
uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::start(Refuse refuse, Answer answer) { impl_->start(std::move(refuse), std::move(answer)); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace hqsam
