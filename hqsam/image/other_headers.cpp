// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

// "P6", width, height, with white space and comments between.
Size pnm_size(Bytes file) {
  const std::string_view text = ByteView::text(file);
  int64_t sides[2] = {0, 0};
  size_t at = 2;
  for (int64_t& side : sides) {
    while (at < text.size() && (text[at] == '#' || text[at] <= ' ')) {
      at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
    }
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && side < INT32_MAX; ++at) {
      side = side * 10 + (text[at] - '0');
    }
  }
  return {sides[1], sides[0]};
}

// JPEG 2000 in its boxes, or its code alone.
std::optional<Size> jpeg2000_size(Bytes file) {
  const ByteView view{file};
  if (view.has(0, "\xff\x4f\xff\x51")) {
    return Size{int64_t{view.u32(12)} - view.u32(20), int64_t{view.u32(8)} - view.u32(16)};
  }
  if (!view.has(4, "jP  \r\n\x87\n")) return std::nullopt;
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

}  // namespace hqsam
