// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>

#include "harness.h"
#include "hqsam/mask/rle.h"

using namespace hqsam;

namespace {

constexpr int64_t kMaxDecoded = 1 << 14;  // pixels; larger masks are only parsed

void check_round_trip(const Rle& rle) {
  const Rle again = rle_from_string(rle_to_string(rle), rle.size);
  fuzz::require(again.counts == rle.counts && again.size == rle.size);
  if (rle.size.height * rle.size.width > kMaxDecoded) return;
  const Mask mask = rle_decode(rle);
  fuzz::require(mask.size() == rle.size && static_cast<int64_t>(mask.pixels.size()) == mask.height * mask.width);
  fuzz::require(rle_decode(rle_encode(mask)) == mask);
}

// The product of sizes that rle_decode has yet to refuse.
bool decodes_quickly(Size size) {
  int64_t pixels = 0;
  return __builtin_mul_overflow(size.height, size.width, &pixels) || pixels <= kMaxDecoded || pixels > kMaxRlePixels;
}

}  // namespace

// One byte that tells text from counts, height and width (32 bits each, shifted by a byte's worth of bits), the rest.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kFront = 10;
  if (size < kFront) return 0;
  int32_t sides[2];
  std::memcpy(sides, data + 2, sizeof sides);
  const int64_t unit = int64_t{1} << (data[1] % 32);
  const Size mask_size = {sides[0] * unit, sides[1] * unit};
  const std::string_view rest(reinterpret_cast<const char*>(data) + kFront, size - kFront);
  try {
    if (data[0] % 2 == 0) {
      check_round_trip(rle_from_string(rest, mask_size));
    } else if (decodes_quickly(mask_size)) {
      Rle rle{mask_size, std::vector<uint32_t>(rest.size() / 4)};
      std::copy_n(rest.data(), rle.counts.size() * 4, reinterpret_cast<char*>(rle.counts.data()));
      rle_decode(rle);
      check_round_trip(rle);
    }
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
