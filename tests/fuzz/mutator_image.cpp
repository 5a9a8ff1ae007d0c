// SPDX-License-Identifier: Apache-2.0
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

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  size = LLVMFuzzerMutate(data, size, max_size);
  if (is_png(std::as_bytes(std::span(data, size))) && fuzz::below(random, 8) != 0) repair_png(data, size);
  return size;
}
