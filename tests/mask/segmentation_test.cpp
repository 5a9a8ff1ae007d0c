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

TEST(Segmentation, RefusesLyingRunLengths) {
  EXPECT_NE(error_of(R"({"size": [9, 12], "counts": [108]})").find("9 x 12 for a picture of 12 x 9"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [100, 9]})").find("108"), std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [100]})").find("108"), std::string::npos);
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": [4294967295, 4294967295, 4294967295]})"), "");
  EXPECT_NE(error_of(R"({"size": [12, 9], "counts": "PPYo"})"), "");
}

TEST(Segmentation, RefusesWhatIsNoSegmentation) {
  for (const char* text : {"null", "3", "\"abc\"", "[]", "[[]]", "[3]", "[[1, 2, 3]]", "[[1, 2, 3, 4]]",
                           "[[1, 2, 3, 4, 5, null]]", R"([["1", 2, 3, 4, 5, 6]])", "{}", R"({"size": [12, 9]})",
                           R"({"size": [12], "counts": [108]})", R"({"size": ["12", 9], "counts": [108]})",
                           R"({"size": [12, 9], "counts": 108})", R"({"size": [12, 9], "counts": [-1, 109]})",
                           R"({"size": [12, 9], "counts": [1.5, 106.5]})", R"({"size": [12, 9], "counts": ["108"]})"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
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
