// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "hqsam/image/bytes.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

Size webp_size(Bytes file) {
  const ByteView view{file, false};
  if (view.has(12, "VP8X")) {
    return {static_cast<int64_t>(view.number(27, 3)) + 1, static_cast<int64_t>(view.number(24, 3)) + 1};
  }
  if (view.has(12, "VP8L")) {
    const uint32_t bits = view.u32(21);
    return {(bits >> 14 & 0x3fff) + 1, (bits & 0x3fff) + 1};
  }
  return {view.u16(28) & 0x3fff, view.u16(26) & 0x3fff};
}

Size bmp_size(Bytes file) {
  const ByteView view{file, false};
  if (view.u32(14) == 12) return {view.u16(20), view.u16(18)};  // OS/2's
  const auto height = static_cast<int32_t>(view.u32(22)), width = static_cast<int32_t>(view.u32(18));
  return {std::abs(int64_t{height}), width};  // below 0: the first row is the top one
}

// "P6", width, height, the highest value but for P1 and P4, with white space and comments between.
std::array<int64_t, 3> pnm_numbers(Bytes file) {
  const std::string_view text = ByteView::text(file);
  std::array<int64_t, 3> numbers = {};
  size_t at = 2;
  for (int64_t& number : numbers) {
    while (at < text.size() && (text[at] == '#' || text[at] <= ' ')) {
      at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
    }
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && number < INT32_MAX; ++at) {
      number = number * 10 + (text[at] - '0');
    }
  }
  return numbers;
}

Size pnm_size(Bytes file) {
  const auto numbers = pnm_numbers(file);
  return {numbers[1], numbers[0]};
}

// A sample in letters takes a digit and a space; P1 needs no space.
int64_t pnm_least_bytes(Bytes file, Size size) {
  const uint8_t kind = ByteView{file}.u8(1);
  const int64_t samples = size.height * size.width * (kind == '3' || kind == '6' ? 3 : 1);
  if (kind == '1') return samples;
  if (kind <= '3') return 2 * samples - 1;
  if (kind == '4') return size.height * ((size.width + 7) / 8);
  return samples * (pnm_numbers(file)[2] > 255 ? 2 : 1);
}

int64_t bmp_least_bytes(Bytes file, Size size) {
  const ByteView view{file, false};
  const bool old = view.u32(14) == 12;
  const int64_t bits = old ? view.u16(24) : view.u16(28), packing = old ? 0 : view.u32(30);
  const bool plain = packing == 0 || packing == 3 || packing == 6;  // the others: runs, and JPEG and PNG inside
  return plain ? size.height * ((size.width * bits + 31) / 32 * 4) : 0;
}

// JPEG 2000 in its boxes, or its code alone.
std::optional<Size> jpeg2000_size(Bytes file) {
  const ByteView view{file};
  if (view.has(0, "\xff\x4f\xff\x51")) {
    return Size{int64_t{view.u32(12)} - view.u32(20), int64_t{view.u32(8)} - view.u32(16)};
  }
  if (!view.has(0, std::string_view("\0\0\0\x0cjP  \r\n\x87\n", 12))) return std::nullopt;
  const size_t header = ByteView::text(view.from(0, 1024)).find("ihdr");
  if (header == std::string_view::npos) return Size{};
  return Size{view.u32(header + 4), view.u32(header + 8)};
}

}  // namespace

bool is_bmp(Bytes file) { return ByteView{file}.has(0, "BM"); }

bool is_pnm(Bytes file) {
  const ByteView view{file};
  const uint8_t kind = view.u8(1), space = view.u8(2);
  return view.has(0, "P") && kind >= '1' && kind <= '6' &&
         (space == '#' || space == ' ' || (space >= 9 && space <= 13));
}

std::optional<Size> other_size(Bytes file) {
  if (is_webp(file)) return webp_size(file);
  if (is_bmp(file)) return bmp_size(file);
  if (is_pnm(file)) return pnm_size(file);
  return jpeg2000_size(file);
}

uint64_t other_least_bytes(Bytes file, Size size) {
  const int64_t bytes = is_bmp(file) ? bmp_least_bytes(file, size) : is_pnm(file) ? pnm_least_bytes(file, size) : 0;
  return static_cast<uint64_t>(bytes);
}

}  // namespace hqsam
