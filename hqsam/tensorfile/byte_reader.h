// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "hqsam/core/error.h"

namespace hqsam {

static_assert(std::endian::native == std::endian::little, "weights are stored little-endian");

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Takes little-endian numbers and runs of bytes off the front of a part of a .pth file. A read past
// the end throws Error naming the part, e.g. "the pickle".
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view part) : bytes_(bytes), part_(part) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

  std::span<const std::byte> take(uint64_t count) {
    if (count > remaining()) {
      fail("read_pth",
           "{} ends at byte {}, but {} more bytes were expected at byte {}: the file is cut or "
           "damaged, fetch it again",
           part_, bytes_.size(), count, position_);
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof(Number)).data(), sizeof(Number));
    return value;
  }

  // The bytes up to the next newline, which is consumed too.
  std::string_view line() {
    const std::string_view rest = as_text(bytes_.subspan(position_));
    const size_t length = std::min(rest.find('\n'), rest.size());
    take(length + 1);
    return rest.substr(0, length);
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view part_;
  size_t position_ = 0;
};

}  // namespace hqsam
