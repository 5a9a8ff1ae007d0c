// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/segmentation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "mask/random_mask.h"

namespace hqsam {
namespace {

using nlohmann::json;

const Size kSize = {12, 9};

std::string error_of(const std::string& text) {
  try {
    rle_from_json(json::parse(text), kSize);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The same of the check that draws nothing.
std::string fault_of(const std::string& text) {
  try {
    check_segmentation(json::parse(text));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST(Segmentation, ReadsBothFormsThatItWrites) {
  const Rle rle = rle_encode(testing_support::random_mask(kSize.height, kSize.width, 0.4, 3));
  EXPECT_EQ(rle_from_json(rle_to_json(rle), kSize), rle);
  EXPECT_EQ(rle_from_json(rle_to_json(rle, false), kSize), rle);
  EXPECT_TRUE(rle_to_json(rle).at("counts").is_string());
  EXPECT_TRUE(rle_to_json(rle, false).at("counts").is_array());
}

TEST(Segmentation, ReadsPolygons) {
  EXPECT_EQ(rle_area(rle_from_json(json::parse("[[1, 1, 5, 1, 5, 4, 1, 4], [6, 6, 8, 6, 8, 8, 6, 8]]"), kSize)), 16);
}

TEST(Segmentation, LeavesPartsOfLessThanThreeCornersOut) {
  EXPECT_EQ(rle_area(rle_from_json(json::parse("[[1, 2, 3, 4], [1, 1, 5, 1, 5, 4, 1, 4], []]"), kSize)), 12);
}

TEST(Segmentation, ReadsPolygonsAsToolsWriteThem) {
  for (const char* text : {"[1, 1, 5, 1, 5, 4, 1, 4]",                      // not nested
                           "[[1, 1], [5, 1], [5, 4], [1, 4]]",              // corners in pairs
                           "[[[1, 1], [5, 1], [5, 4], [1, 4]]]",            // a list of such
                           R"([["1", "1", "5", 1, 5.0, 4, 1, "4.0"]])"}) {  // as text
    EXPECT_EQ(rle_area(rle_from_json(json::parse(text), kSize)), 12) << text;
  }
}

TEST(Segmentation, ReadsRunLengthsAsToolsWriteThem) {
  const Rle rle = rle_encode(testing_support::random_mask(kSize.height, kSize.width, 0.4, 3));
  json plain = rle_to_json(rle, false), compressed = rle_to_json(rle);
  plain["counts"][0] = static_cast<double>(rle.counts[0]);
  plain["size"] = {"12", 9.0};
  EXPECT_EQ(rle_from_json(plain, kSize), rle);
  std::string printed = "b'";
  for (const char c : compressed["counts"].get<std::string>()) printed += c == '\\' ? "\\\\" : std::string(1, c);
  EXPECT_EQ(rle_from_json({{"size", {12, 9}}, {"counts", printed + "'"}}, kSize), rle);
  EXPECT_EQ(rle_from_json({compressed}, kSize), rle);
}

TEST(Segmentation, SeveralRunLengthsAreOneMask) {
  const Rle a = rle_encode(testing_support::random_mask(kSize.height, kSize.width, 0.3, 1));
  const Rle b = rle_encode(testing_support::random_mask(kSize.height, kSize.width, 0.3, 2));
  const std::vector<Rle> parts = {a, b};
  EXPECT_EQ(rle_from_json({rle_to_json(a), rle_to_json(b, false)}, kSize), rle_union(parts, kSize));
}

TEST(Segmentation, TellsTheSizeOfRunLengths) {
  EXPECT_EQ(rle_size_in_json(json::parse(R"({"size": [12, 9], "counts": [108]})")), kSize);
  EXPECT_EQ(rle_size_in_json(json::parse("[[1, 1, 5, 1, 5, 4]]")), std::nullopt);
  EXPECT_EQ(rle_size_in_json(json()), std::nullopt);
}

TEST(Segmentation, RefusesLyingRunLengths) {
  EXPECT_NE(error_of(R"({"size": [9, 12], "counts": [108]})").find("9 x 12 for a picture of 12 x 9"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [100, 9]})").find("108"), std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [100]})").find("108"), std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [4294967295, 4294967295, 4294967295]})"), "");
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": "PPYo"})"), "");
}

TEST(Segmentation, RefusesWhatIsNoSegmentation) {
  for (const char* text : {"null",
                           "3",
                           "\"abc\"",
                           "[]",
                           "[[]]",
                           "[3]",
                           "[[1, 2, 3]]",
                           "[[1, 2, 3, 4]]",
                           "[1, 2, 3, 4]",
                           "[[1, 2], [3, 4]]",
                           "[[1, 2, 3, 4, 5, null]]",
                           R"([["NaN", 2, 3, 4, 5, 6]])",
                           "[[1, 1, 5, 1, 5, 4], {}]",
                           "[[[1, 1, 0], [5, 1, 0], [5, 4, 0]]]",
                           "{}",
                           R"({"size": [12, 9]})",
                           R"({"size": [12], "counts": [108]})",
                           R"({"size": ["a", 9], "counts": [108]})",
                           R"({"size": [12, 9], "counts": 108})",
                           R"({"size": [12, 9], "counts": [-1, 109]})",
                           R"({"size": [-12, -9], "counts": [108]})",
                           R"({"size": [12, 9], "counts": [1.5, 106.5]})",
                           R"({"size": [12, 9], "counts": [null]})"}) {
    EXPECT_NE(error_of(text), "") << text;
    EXPECT_EQ(error_of(text), fault_of(text)) << text;
  }
}

TEST(Segmentation, CutsValuesInMessagesShort) {
  EXPECT_LT(error_of("\"" + std::string(10000, 'x') + "\"").size(), 200U);
  EXPECT_LT(error_of("{\"size\": \"" + std::string(10000, 'x') + "\"}").size(), 200U);
}

TEST(RleUnion, IsWhatIsInsideAnyPart) {
  const Mask a = testing_support::random_mask(20, 31, 0.3, 1), b = testing_support::random_mask(20, 31, 0.2, 2);
  Mask either(20, 31);
  for (size_t i = 0; i < either.pixels.size(); ++i) either.pixels[i] = a.pixels[i] | b.pixels[i];
  const std::vector<Rle> parts = {rle_encode(a), rle_encode(b)};
  EXPECT_EQ(rle_union(parts, {20, 31}), rle_encode(either));
  EXPECT_EQ(rle_area(rle_union(parts, {20, 31})), area(either));
  EXPECT_EQ(rle_union({}, {20, 31}), rle_encode(Mask(20, 31)));
  EXPECT_THROW(rle_union(parts, {31, 20}), Error);
}

}  // namespace hqsam
