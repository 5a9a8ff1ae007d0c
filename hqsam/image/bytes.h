// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hqsam {

using Bytes = std::span<const std::byte>;

// Numbers out of a file's bytes. Beyond the end everything reads as 0, so no offset can do harm.
struct ByteView {
  Bytes bytes;
  bool big_endian = true;

  // `count` bytes at `at`, or nothing where the file has fewer.
  Bytes part(uint64_t at, uint64_t count) const {
    return at <= bytes.size() && count <= bytes.size() - at ? bytes.subspan(at, count) : Bytes();
  }
  // At most `count` bytes at `at`.
  Bytes from(uint64_t at, uint64_t count = UINT64_MAX) const {
    if (at >= bytes.size()) return {};
    return bytes.subspan(at, count < bytes.size() - at ? count : bytes.size() - at);
  }
  uint64_t number(uint64_t at, uint64_t count) const {
    const Bytes digits = part(at, count);
    uint64_t value = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
      value = value << 8 | std::to_integer<uint64_t>(digits[big_endian ? i : digits.size() - 1 - i]);
    }
    return value;
  }
  uint8_t u8(uint64_t at) const { return static_cast<uint8_t>(number(at, 1)); }
  uint16_t u16(uint64_t at) const { return static_cast<uint16_t>(number(at, 2)); }
  uint32_t u32(uint64_t at) const { return static_cast<uint32_t>(number(at, 4)); }
  uint64_t u64(uint64_t at) const { return number(at, 8); }
  bool has(uint64_t at, std::string_view magic) const { return text(part(at, magic.size())) == magic; }

  static std::string_view text(Bytes part) { return {reinterpret_cast<const char*>(part.data()), part.size()}; }
};

}  // namespace hqsam
