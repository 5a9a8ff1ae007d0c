// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/guard.h"

#include <gtest/gtest.h>

namespace hqsam {
namespace {

class GuardTest : public ::testing::Test {
 protected:
  int status(const HttpRequest& request) const {
    const auto refusal = guard.refuse(request);
    return refusal ? refusal->status : 0;
  }
  HttpRequest get(const std::string& path) const {
    return {.method = "GET", .path = path, .host = "127.0.0.1:8000", .token = "secret"};
  }
  HttpRequest post() const {
    HttpRequest request = get("/api/classes");
    request.method = "POST";
    return request;
  }
  Guard guard{8000, "secret"};
};

TEST_F(GuardTest, LetsThePageIn) {
  EXPECT_EQ(status(get("/api/state")), 0);
  HttpRequest request = post();
  request.origin = "http://127.0.0.1:8000";
  request.fetch_site = "same-origin";
  EXPECT_EQ(status(request), 0);
  request.host = "localhost:8000";
  request.origin = "http://localhost:8000";
  EXPECT_EQ(status(request), 0);
  EXPECT_EQ(status(post()), 0) << "a script sends neither Origin nor Sec-Fetch-Site";
}

TEST_F(GuardTest, RefusesOtherHosts) {
  for (const char* host : {"", "evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:80000",
                           "127.0.0.1:8000.evil.example", "localhost.:8000"}) {
    HttpRequest request = get("/");
    request.host = host;
    EXPECT_EQ(status(request), 403) << host;
  }
}

TEST_F(GuardTest, RefusesOtherSites) {
  for (const char* origin : {"null", "http://evil.example", "https://127.0.0.1:8000", "http://127.0.0.1:8001",
                             "http://127.0.0.1:8000.evil.example", "127.0.0.1:8000"}) {
    HttpRequest request = post();
    request.origin = origin;
    EXPECT_EQ(status(request), 403) << origin;
    request.method = "GET";
    EXPECT_EQ(status(request), 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site"}) {
    HttpRequest request = post();
    request.fetch_site = site;
    EXPECT_EQ(status(request), 403) << site;
  }
}

TEST_F(GuardTest, WantsTheTokenForAllUnderApi) {
  for (const char* token : {"", "secre", "secret2", "Secret"}) {
    HttpRequest request = get("/api/state");
    request.token = token;
    EXPECT_EQ(status(request), 401) << token;
    request.path = "/page/main.js";
    EXPECT_EQ(status(request), 0) << token;
  }
}

TEST_F(GuardTest, TakesTheTokenOfAnAddressForPicturesAlone) {
  HttpRequest request = get("/api/pictures/0/image");
  request.token = "";
  request.query = "a=b&token=secret";
  EXPECT_EQ(status(request), 0);
  request.query = "token=secret2";
  EXPECT_EQ(status(request), 401);
  request.query = "xtoken=secret";
  EXPECT_EQ(status(request), 401);
  request.path = "/api/state";
  request.query = "token=secret";
  EXPECT_EQ(status(request), 401);
}

TEST(Guard, DrawsATokenForEachRun) {
  const Guard one(1), other(1);
  EXPECT_EQ(one.token().size(), 32U);
  EXPECT_NE(one.token(), other.token());
  EXPECT_EQ(one.start_url(), "http://127.0.0.1:1/?token=" + one.token());
}

}  // namespace
}  // namespace hqsam
