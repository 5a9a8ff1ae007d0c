// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "errors.h"
#include "hqsam/serve/guard.h"

namespace hqsam {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_from(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A client that sends bytes as it likes.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(const std::string& bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Until the server closes, or `end` came.
  std::string receive(const std::string& end = {}) {
    std::string all;
    char buffer[4096];
    while (end.empty() || all.find(end) == std::string::npos) {
      const ssize_t count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      all.append(buffer, static_cast<size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void start(HttpServerOptions options = {}) {
    server = std::make_unique<HttpServer>(options);
    guard = std::make_unique<Guard>(server->port(), "secret");
    server->start([this](const HttpRequest& head) { return guard->refuse(head); },
                  [this](const HttpRequest& request) {
                    ++answered;
                    if (request.path == "/throws") throw Error("[test] no");
                    if (request.path == "/slow") std::this_thread::sleep_for(std::chrono::milliseconds(400));
                    if (request.path == "/held") let_go.wait();
                    if (request.path == "/large") return HttpResponse{.body = std::string(size_t{8} << 20, 'x')};
                    return HttpResponse{.body = request.method + " " + request.path + " " + request.body};
                  });
  }
  std::string head(const std::string& line, const std::string& more = {}) const {
    return fmt::format("{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}\r\n", line, server->port(), more);
  }
  std::string ask(const std::string& bytes) const {
    RawClient client(server->port());
    client.send(bytes);
    return client.receive();
  }
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Guard> guard;
  std::latch let_go{1};
  std::atomic<int> answered{0};
};

TEST_F(HttpServerTest, AnswersRequestsOnOneConnection) {
  start();
  RawClient client(server->port());
  client.send(head("GET /one?a=b"));
  const std::string first = client.receive("GET /one ");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_TRUE(contains(first, "Cache-Control: no-store\r\n"));
  EXPECT_TRUE(contains(first, "X-Content-Type-Options: nosniff\r\n"));
  EXPECT_TRUE(contains(first, "default-src 'self'; img-src 'self' blob: data:"));
  client.send(head("POST /two", "Content-Length: 4\r\n") + "body" + head("GET /three"));
  EXPECT_TRUE(contains(client.receive("GET /three "), "POST /two body"));
}

TEST_F(HttpServerTest, RefusesBeforeTheBodyComes) {
  start();
  RawClient client(server->port());
  client.send(
      fmt::format("POST /api/x HTTP/1.1\r\nHost: evil.example:{}\r\nContent-Length: 1000000\r\n\r\n", server->port()));
  EXPECT_TRUE(client.receive().starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(head("POST /api/x", "Content-Length: 1000000\r\n")).starts_with("HTTP/1.1 401"));
  EXPECT_EQ(answered, 0);
}

TEST_F(HttpServerTest, RefusesAHostThatComesTwice) {
  start();
  EXPECT_TRUE(ask(head("GET /", "Host: evil.example\r\n")).starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask(head("GET /api/x", "X-Token: secret\r\nX-Token: other\r\n")).starts_with("HTTP/1.1 403"));
  EXPECT_EQ(answered, 0);
}

TEST_F(HttpServerTest, RefusesLongHeadsAndBodies) {
  start({.body_bytes = 1000});
  EXPECT_TRUE(ask(head("GET /", "A: " + std::string(9000, 'a') + "\r\n")).starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(ask(head("POST /", "Content-Length: 1001\r\n") + std::string(1001, 'b')).starts_with("HTTP/1.1 413"));
  const std::string chunk = "400\r\n" + std::string(1024, 'c') + "\r\n";
  EXPECT_TRUE(ask(head("POST /", "Transfer-Encoding: chunked\r\n") + chunk).starts_with("HTTP/1.1 413"));
  EXPECT_EQ(answered, 0);
  RawClient client(server->port());
  client.send(head("POST /", "Content-Length: 1000\r\n") + std::string(1000, 'd'));
  EXPECT_TRUE(client.receive("ddd").starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, RefusesWhatIsNoHttp) {
  start();
  for (const char* bytes :
       {"hello\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"}) {
    const std::string answer = ask(bytes);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4")) << bytes << answer;
  }
  EXPECT_EQ(answered, 0);
}

TEST_F(HttpServerTest, ForgetsHalfRequestsAndGoesOn) {
  start({.read_time = std::chrono::milliseconds(300)});
  const auto begin = Clock::now();
  EXPECT_EQ(ask("GET / HTT"), "");
  EXPECT_EQ(ask(head("POST /", "Content-Length: 10\r\n") + "half"), "");
  EXPECT_LT(seconds_from(begin), 5);
  EXPECT_EQ(answered, 0);
  RawClient client(server->port());
  client.send(head("GET /after"));
  EXPECT_TRUE(contains(client.receive("/after "), "200 OK"));
}

TEST_F(HttpServerTest, EndsAClientThatSendsAByteNowAndThen) {
  start({.read_time = std::chrono::milliseconds(500)});
  RawClient client(server->port());
  const auto begin = Clock::now();
  client.send("GET / HTTP/1.1\r\n");
  while (client.send("a") && seconds_from(begin) < 5) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LT(seconds_from(begin), 3);
}

TEST_F(HttpServerTest, TakesSoManyConnectionsAndNoMore) {
  start({.connections = 3});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->send(head("GET /kept"));
    EXPECT_TRUE(contains(clients.back()->receive("/kept "), "200 OK"));
  }
  EXPECT_TRUE(ask(head("GET /more")).starts_with("HTTP/1.1 503"));
  clients.clear();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  RawClient client(server->port());
  client.send(head("GET /again"));
  EXPECT_TRUE(contains(client.receive("/again "), "200 OK"));
}

TEST_F(HttpServerTest, SlowAnswersDoNotHoldUpOthers) {
  start();
  RawClient slow(server->port()), quick(server->port());
  slow.send(head("GET /held"));
  quick.send(head("GET /quick"));
  EXPECT_TRUE(contains(quick.receive("/quick "), "200 OK"));
  let_go.count_down();
  EXPECT_TRUE(contains(slow.receive("/held "), "200 OK"));
}

TEST_F(HttpServerTest, TellsWhatAnAnswerThrew) {
  start();
  RawClient client(server->port());
  client.send(head("GET /throws"));
  const std::string answer = client.receive("}");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500")) << answer;
  EXPECT_TRUE(contains(answer, R"({"error":"[test] no"})")) << answer;
}

TEST_F(HttpServerTest, FinishesWhatItAnswersWhenItStops) {
  start();
  RawClient slow(server->port()), idle(server->port());
  slow.send(head("GET /slow"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  server->stop();
  EXPECT_EQ(answered, 1);
  EXPECT_TRUE(contains(slow.receive(), "GET /slow"));
  EXPECT_EQ(idle.receive(), "");
}

TEST_F(HttpServerTest, SendsALargeAnswerToItsEndWhenItStops) {
  start();
  RawClient client(server->port());
  client.send(head("GET /large"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::thread stop([&] { server->stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_GT(client.receive().size(), size_t{8} << 20);
  stop.join();
}

TEST_F(HttpServerTest, TellsClientsThatAskToSendTheirBody) {
  start();
  RawClient client(server->port());
  client.send(head("POST /asked", "Content-Length: 4\r\nExpect: 100-continue\r\n"));
  EXPECT_TRUE(client.receive("\r\n\r\n").starts_with("HTTP/1.1 100"));
  client.send("body");
  EXPECT_TRUE(contains(client.receive("body"), "POST /asked body"));
}

TEST_F(HttpServerTest, SaysThatAPortIsTaken) {
  start();
  const std::string message = error_of([&] { HttpServer({.port = server->port()}); });
  EXPECT_TRUE(contains(message, fmt::format("127.0.0.1:{}", server->port()))) << message;
}

}  // namespace
}  // namespace hqsam
