// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/bounded_json.h"

#include <gtest/gtest.h>

#include <chrono>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using nlohmann::json;

std::string refusal(std::string_view text, const JsonOptions& options = {}) {
  try {
    parse_json("read", "a.json", text, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string repeated(const std::string& piece, size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (size_t i = 0; i < count; ++i) text += piece;
  return text;
}

TEST(BoundedJson, ReadsWhatIsThere) {
  for (const char* text :
       {"7", "-7", "1.5", "true", "null", "\"a\\u00e4\"", "[]", "{}", "[1, [2, {\"a\": []}], {}]",
        "{\"a\": {\"b\": [1, \"x\", null]}, \"c\": false}", "18446744073709551615", "\xef\xbb\xbf[1]"}) {
    EXPECT_EQ(parse_json("read", "a.json", text), json::parse(text)) << text;
  }
}

TEST(BoundedJson, RefusesWhatNestsDeepWithinOneLine) {
  const std::string lists(200'000, '['), ends(200'000, ']'), objects = repeated("{\"a\":", 200'000);
  for (const std::string& text : {lists, lists + ends, objects, "{\"a\": [1, " + lists + ends + "]}", "[" + objects}) {
    EXPECT_EQ(refusal(text), "[read] a.json is nested more than 32 deep");
  }
  EXPECT_EQ(refusal(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_NE(refusal(std::string(33, '[') + std::string(33, ']')), "");
}

TEST(BoundedJson, ReadsWideListsInLinearTime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_json("read", "a.json", "[" + repeated("[],", 1'000'000) + "{}]").size(), 1'000'001U);
  EXPECT_EQ(parse_json("read", "a.json", "[" + repeated("{},", 1'000'000) + "[]]").size(), 1'000'001U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // they were quadratic: an hour
}

TEST(BoundedJson, RefusesMoreValuesThanMemoryShouldHold) {
  const std::string many = "[" + repeated("1,", kMaxJsonValues) + "1]";
  EXPECT_TRUE(has(refusal(many), "a.json has over 8388608 values"));
  JsonOptions forgetting;
  forgetting.keep = [](std::span<const JsonStep> around, json&) { return around.size() != 1; };
  EXPECT_EQ(refusal(many, forgetting), "");
}

TEST(BoundedJson, RefusesLongTextsAndShowsLittleOfThem) {
  JsonOptions options;
  options.max_bytes = 10;
  EXPECT_TRUE(has(refusal("[1, 2, 3, 4]", options), "a.json has 12 bytes, at most 10 are read"));
  const std::string text(20'000'000, 'x');
  EXPECT_LT(refusal("{\"a\": \"" + text).size(), 400U);
  EXPECT_LT(refusal(text).size(), 400U);
  EXPECT_EQ(json_shown(parse_json("read", "a.json", "\"" + text + "\"")).size(), 83U);
}

TEST(BoundedJson, SaysWhereTheTextIsNoJson) {
  EXPECT_TRUE(has(refusal("{\"a\": 1,}"), "a.json is not sound JSON: parse error at line 1, column 9"));
  EXPECT_TRUE(has(refusal(""), "a.json is not sound JSON"));
  EXPECT_TRUE(has(refusal("[1] [2]"), "a.json is not sound JSON"));
  EXPECT_TRUE(has(refusal("[1e999]"), "a.json is not sound JSON: number overflow"));
  EXPECT_EQ(refusal("[\"\x1b[31m\"]").find('\x1b'), std::string::npos);
}

TEST(BoundedJson, TakesTheLastOfDoubledKeysUnlessTheyAreRefused) {
  EXPECT_EQ(parse_json("read", "a.json", R"({"a": [1, 2], "a": {"b": 3}})"), json::parse(R"({"a": {"b": 3}})"));
  JsonOptions options;
  options.unique_depth = kMaxJsonDepth;
  EXPECT_EQ(refusal(R"([{"a": 1}, {"a": 2, "b": {"a": 3}}])", options), "");
  EXPECT_EQ(refusal(R"([{"a": 1, "b": [], "a": 2}])", options), "[read] a.json has the key 'a' twice in one object");
  options.unique_depth = 1;
  EXPECT_EQ(refusal(R"({"b": {"a": 1, "a": 2}})", options), "");
  EXPECT_NE(refusal(R"({"b": {}, "b": 2})", options), "");
}

TEST(BoundedJson, TellsOfWholeValuesAndForgetsThem) {
  JsonOptions options;
  std::string told;
  options.keep = [&](std::span<const JsonStep> around, json& value) {
    for (const JsonStep& step : around) told += step.key != nullptr ? *step.key + "." : "-.";
    told += value.dump() + " ";
    return value != 2 && value != json::array({3});
  };
  EXPECT_EQ(parse_json("read", "a.json", R"({"a": [1, 2, [3]], "b": 2})", options),
            json::parse(R"({"a": [1], "b": null})"));
  EXPECT_EQ(told, R"(a.-.1 a.-.2 a.-.-.3 a.-.[3] a.[1] b.2 {"a":[1],"b":null} )");
}

TEST(BoundedJson, WantsAnObjectWhereOneIsMeant) {
  EXPECT_EQ(parse_json_object("read", "a.json", "{\"a\": 1}").at("a"), 1);
  EXPECT_THROW(parse_json_object("read", "a.json", "[1]"), Error);
  EXPECT_EQ(json_object_or_nothing(std::string(200'000, '[')), std::nullopt);
  EXPECT_EQ(json_object_or_nothing("[1]"), std::nullopt);
  EXPECT_EQ(json_object_or_nothing("{}"), json::object());
}

}  // namespace
}  // namespace hqsam
