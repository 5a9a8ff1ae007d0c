// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include "fixtures.h"
#include "hqsam/tensorfile/safetensors_header.h"

namespace hqsam {
namespace {

class Safetensors : public TempFolderTest {
 protected:
  // A file of this header and count bytes 0, 1, 2, ... of data.
  TensorMap read(const std::string& header, size_t count) const {
    std::string content = packed<uint64_t>(header.size()) + header;
    for (size_t i = 0; i < count; ++i) content += static_cast<char>(i);
    return read_safetensors(write(content));
  }
  std::string message(const std::string& header, size_t count) const {
    return error_of([&] { read(header, count); });
  }
  static std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                           const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  }
};

TEST_F(Safetensors, ReadsTensorsInTheHeadersOrder) {
  const TensorMap map = read("{\"__metadata__\":{\"k\":\"v\"}," + entry("b", "U8", "[2,2]", "[4,8]") + "," +
                                 entry("a", "I16", "[2]", "[0,4]") + "}   ",
                             8);
  EXPECT_EQ(map.names(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(map.metadata.at("k"), "v");
  expect_same(map.at("b"), torch::tensor({4, 5, 6, 7}, torch::kUInt8).view({2, 2}), "b");
  expect_same(map.at("a"), torch::tensor({0x0100, 0x0302}, torch::kInt16), "a");
}

TEST_F(Safetensors, CopiesWhatIsNotAligned) {
  for (const std::string padding : {"", " ", "  ", "   "}) {
    const TensorMap map =
        read("{" + entry("u", "U8", "[1]", "[0,1]") + "," + entry("i", "I32", "[2]", "[1,9]") + "}" + padding, 9);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(map.at("i").const_data_ptr()) % 4, 0u);
    expect_same(map.at("i"), torch::tensor({0x04030201, 0x08070605}, torch::kInt32), "i");
  }
}

TEST_F(Safetensors, RefusesLyingOffsets) {
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[0,5]") + "}", 4), "cut"));
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[4,0]") + "}", 4), "begin <= end"));
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[0]") + "}", 4), "begin <= end"));
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[0,1,4]") + "}", 4), "begin <= end"));
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[-4,0]") + "}", 4), "-4"));
  EXPECT_TRUE(contains(message("{" + entry("a", "U8", "[4]", "[0,4.0]") + "}", 4), "4.0"));
  EXPECT_TRUE(
      contains(message("{" + entry("a", "U8", "[4]", "[0,18446744073709551615]") + "}", 4), "18446744073709551615"));
  EXPECT_TRUE(contains(message("{" + entry("a", "F32", "[4]", "[0,4]") + "}", 4), "needs 16"));
}

TEST_F(Safetensors, RefusesHolesAndOverlaps) {
  const auto two = [&](const std::string& a, const std::string& b, size_t count) {
    return message("{" + entry("a", "U8", "[4]", a) + "," + entry("b", "U8", "[4]", b) + "}", count);
  };
  EXPECT_EQ(two("[0,4]", "[4,8]", 8), "");
  EXPECT_EQ(two("[4,8]", "[0,4]", 8), "");
  EXPECT_TRUE(contains(two("[0,4]", "[2,6]", 6), "inside another"));
  EXPECT_TRUE(contains(two("[0,4]", "[0,4]", 4), "inside another"));
  EXPECT_TRUE(contains(two("[0,4]", "[5,9]", 9), "hole"));
  EXPECT_TRUE(contains(two("[1,5]", "[5,9]", 9), "hole"));
  EXPECT_TRUE(contains(two("[0,4]", "[4,8]", 9), "end at byte"));
  EXPECT_TRUE(contains(message("{}", 1), "end at byte"));
}

TEST_F(Safetensors, RefusesImpossibleShapes) {
  const auto shape = [&](const std::string& text) { return message("{" + entry("a", "F32", text, "[0,4]") + "}", 4); };
  EXPECT_EQ(shape("[]"), "");
  EXPECT_EQ(shape("[1,1]"), "");
  EXPECT_TRUE(contains(shape("[-1]"), "-1"));
  EXPECT_TRUE(contains(shape("[4611686018427387905]"), "impossible shape"));
  EXPECT_TRUE(contains(shape("[4294967296,4294967296]"), "impossible shape"));
  EXPECT_TRUE(contains(shape("[0,4611686018427387904,4]"), "impossible shape"));
  EXPECT_TRUE(contains(shape("[0]"), "needs 0"));
  EXPECT_TRUE(contains(shape("1"), "no list as shape"));
  std::string ones = "[1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  EXPECT_TRUE(contains(shape(ones + "]"), "too long a list"));
}

TEST_F(Safetensors, RefusesMalformedHeaders) {
  const std::string good = entry("a", "U8", "[4]", "[0,4]");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{" + good + "," + entry("a", "U8", "[0]", "[4,4]") + "}", "appears twice"},
      {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", "doubled key"},
      {"{\"a\":{\"shape\":[4],\"data_offsets\":[0,4]}}", "no dtype"},
      {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,4]}}", "no shape"},
      {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", "no data_offsets"},
      {"{" + entry("a", "C64", "[4]", "[0,4]") + "}", "dtype C64"},
      {"{\"a\":{\"dtype\":8,\"shape\":[4],\"data_offsets\":[0,4]}}", "dtype number"},
      {"{\"a\":5}", "not an object"},
      {"{\"a\":[1]}", "not an object"},
      {"{\"a\":{\"x\":{}}}", "object inside"},
      {"{\"a\":{\"x\":[[1]]}}", "list in a list"},
      {"{\"__metadata__\":{\"k\":1}," + good + "}", "other than strings"},
      {"{" + good + "} {}", "not valid JSON"},
      {"{" + good, "not valid JSON"},
      {"{\"\xff\":1}", "not valid JSON"},
      {" {" + good + "}", "expected a safetensors file"},
  };
  for (const auto& [header, expected] : cases) {
    EXPECT_TRUE(contains(message(header, 4), expected)) << header << ": " << message(header, 4);
  }
}

TEST_F(Safetensors, RefusesDeepAndWideHeadersEarly) {
  const std::string open(5'000'000, '[');
  EXPECT_TRUE(contains(message("{\"a\":{\"x\":" + open, 0), "list in a list"));
  std::string ones;
  for (int i = 0; i < 1'000'000; ++i) ones += "1,";
  EXPECT_TRUE(contains(message("{\"a\":{\"x\":[" + ones, 0), "too long a list"));
  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += "\"" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(contains(message("{\"a\":{" + keys, 0), "too many keys"));
}

TEST_F(Safetensors, RefusesHeaderLengthsThatLie) {
  for (const uint64_t length : {uint64_t{3}, kMaxSafetensorsHeader + 1, ~uint64_t{0}}) {
    const auto path = write(packed(length) + "{}");
    EXPECT_TRUE(contains(error_of([&] { read_safetensors(path); }), "claims")) << length;
  }
  const auto path = write(packed<uint64_t>(0) + "{}");
  EXPECT_TRUE(contains(error_of([&] { read_safetensors(path); }), "not valid JSON"));
  EXPECT_THROW(read_safetensors(write("")), Error);
  EXPECT_THROW(read_safetensors(write("1234567")), Error);
  EXPECT_THROW(read_safetensors(folder_ / "missing"), Error);
}

TEST_F(Safetensors, RefusesBoolsThatAreNone) {
  EXPECT_EQ(message("{" + entry("a", "BOOL", "[2]", "[0,2]") + "}", 2), "");
  EXPECT_TRUE(contains(message("{" + entry("a", "BOOL", "[3]", "[0,3]") + "}", 3), "bools"));
}

}  // namespace
}  // namespace hqsam
