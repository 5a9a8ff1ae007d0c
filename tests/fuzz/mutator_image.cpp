// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "hqsam/image/formats.h"
#include "hqsam/tensorfile/zip_archive.h"
#include "mutate.h"

using namespace hqsam;

namespace {

uint32_t big_endian(const uint8_t* at) {
  return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | uint32_t{at[3]};
}

// Puts the right checksum behind each chunk: length, name, payload, CRC of name and payload.
void repair_png(uint8_t* data, size_t size) {
  size_t at = 8;
  while (at + 12 <= size) {
    const uint64_t length = big_endian(data + at);
    if (length > size - at - 12) return;
    const uint32_t crc = crc32(std::as_bytes(std::span(data + at + 4, length + 4)));
    for (int i = 0; i < 4; ++i) data[at + 8 + length + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
    at += 12 + length;
  }
}

// Changes one entry of a TIFF's first directory: tag, type, count or value, to a number that may mean something.
void change_tiff_entry(uint8_t* data, size_t size, fuzz::Random& random) {
  const bool big = data[0] == 'M';
  const auto put = [&](size_t at, uint32_t value, size_t count) {
    for (size_t i = 0; i < count; ++i) data[at + i] = static_cast<uint8_t>(value >> 8 * (big ? count - 1 - i : i));
  };
  uint32_t directory = 0;
  for (size_t i = 0; i < 4; ++i) directory = directory << 8 | data[big ? 4 + i : 7 - i];
  if (directory + size_t{2} + 12 > size) return;
  const size_t entries = (size - directory - 2) / 12;
  const size_t at = directory + 2 + 12 * fuzz::below(random, std::min<size_t>(entries, 16));
  constexpr uint32_t kTags[] = {255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278,
                                279, 284, 317, 320, 322, 323, 338, 339, 347, 530, 42113};
  constexpr uint32_t kValues[] = {0,  1,  2,   3,     4,     5,     6,     7,     8,        12, 16,
                                  32, 64, 257, 32773, 32946, 34892, 50000, 65535, 1u << 20, ~0u};
  const uint32_t value = kValues[fuzz::below(random, std::size(kValues))];
  switch (fuzz::below(random, 4)) {
    case 0:
      return put(at, kTags[fuzz::below(random, std::size(kTags))], 2);
    case 1:
      return put(at + 2, static_cast<uint32_t>(1 + fuzz::below(random, 13)), 2);
    case 2:
      return put(at + 4, value, 4);
    default:
      return put(at + 8, value, big && value < 65536 ? 2 : 4);
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  if (size > 8 && is_tiff(std::as_bytes(std::span(data, size))) && fuzz::below(random, 2) != 0) {
    change_tiff_entry(data, size, random);
    return size;
  }
  size = LLVMFuzzerMutate(data, size, max_size);
  if (is_png(std::as_bytes(std::span(data, size))) && fuzz::below(random, 8) != 0) repair_png(data, size);
  return size;
}
