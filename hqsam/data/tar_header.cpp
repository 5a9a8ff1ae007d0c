// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/tar_header.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace hqsam {
namespace {

// Where the fields of a header lie, in bytes.
constexpr size_t kName = 0, kNameLength = 100, kSize = 124, kSizeLength = 12, kSum = 148, kSumLength = 8;
constexpr size_t kType = 156, kMagic = 257, kPrefix = 345, kPrefixLength = 155;

std::string_view text(std::string_view block, size_t at, size_t length) {
  const std::string_view field = block.substr(at, length);
  return field.substr(0, std::min(field.find('\0'), field.size()));
}

std::optional<int64_t> parse_decimal(std::string_view digits) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

// Base 256 behind a first byte of 0x80: GNU's form of sizes from 8 GiB.
std::optional<int64_t> binary_number(std::string_view field) {
  if (static_cast<unsigned char>(field.front()) != 0x80) return std::nullopt;
  int64_t value = 0;
  for (const char c : field.substr(1)) {
    if (value > std::numeric_limits<int64_t>::max() >> 8) return std::nullopt;
    value = value << 8 | static_cast<unsigned char>(c);
  }
  return value;
}

// Octal digits among spaces, up to a zero byte; none are 0.
std::optional<int64_t> number(std::string_view field) {
  if ((static_cast<unsigned char>(field.front()) & 0x80) != 0) return binary_number(field);
  field = field.substr(0, std::min(field.find('\0'), field.size()));
  const size_t begin = field.find_first_not_of(' ');
  if (begin == std::string_view::npos) return 0;
  const std::string_view digits = field.substr(begin, field.find_last_not_of(' ') + 1 - begin);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

bool is_zero_block(std::string_view block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
}

// The sum of all bytes, those of the sum itself as spaces; some old archives added them as signed numbers.
bool is_tar_header(std::string_view block) {
  const std::optional<int64_t> stated = number(block.substr(kSum, kSumLength));
  int64_t sum = 0, signed_sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const char c = i >= kSum && i < kSum + kSumLength ? ' ' : block[i];
    sum += static_cast<unsigned char>(c);
    signed_sum += static_cast<signed char>(c);
  }
  return stated && (*stated == sum || *stated == signed_sum);
}

std::optional<TarHeader> parse_tar_header(std::string_view block) {
  const std::optional<int64_t> size = number(block.substr(kSize, kSizeLength));
  if (!size) return std::nullopt;
  TarHeader header{std::string(text(block, kName, kNameLength)), *size, block[kType]};
  // GNU's own form ("ustar  ") has other things where POSIX ("ustar\0") has the front of a long name.
  if (block.substr(kMagic, 6) == std::string_view("ustar\0", 6)) {
    const std::string_view prefix = text(block, kPrefix, kPrefixLength);
    if (!prefix.empty()) header.name = std::string(prefix) + "/" + header.name;
  }
  // Before POSIX a folder was a file whose name ends in a slash.
  if ((header.type == '0' || header.type == '\0') && header.name.ends_with('/')) header.type = '5';
  return header;
}

std::optional<PaxRecords> parse_pax(std::string_view records) {
  PaxRecords found;
  while (!records.empty() && records.front() != '\0') {
    const size_t space = records.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::optional<int64_t> length = parse_decimal(records.substr(0, space));
    if (!length || *length > static_cast<int64_t>(records.size()) || *length < static_cast<int64_t>(space) + 3) {
      return std::nullopt;
    }
    const auto count = static_cast<size_t>(*length);
    const std::string_view record = records.substr(space + 1, count - space - 2);  // without the line's end
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos || records[count - 1] != '\n') return std::nullopt;
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") found.path = std::string(value);
    if (key.starts_with("GNU.sparse.")) found.sparse = true;
    if (key == "size") {
      found.size = parse_decimal(value);
      if (!found.size) return std::nullopt;
    }
    records.remove_prefix(count);
  }
  return found;
}

}  // namespace hqsam
