// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "mutate.h"

using namespace hqsam;

namespace {

constexpr size_t kBlock = 512, kSum = 148;

// Puts the right checksum into what looks like a header.
void repair(uint8_t* block) {
  std::memset(block + kSum, ' ', 8);
  unsigned sum = 0;
  for (size_t i = 0; i < kBlock; ++i) sum += block[i];
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  std::memcpy(block + kSum, digits, 7);
}

}  // namespace

// Most of the time blocks with anything at the place of the checksum get the right one.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  if (size > 0 && fuzz::below(random, 2) == 0) {  // one field of one block, its place kept
    const size_t at = fuzz::below(random, size) / kBlock * kBlock;
    constexpr size_t kFields[] = {0, 100, 124, 136, 156, 157, 257, 345};
    const size_t begin = at + kFields[fuzz::below(random, 8)], end = std::min(size, begin + 12);
    if (begin < end) LLVMFuzzerMutate(data + begin, end - begin, end - begin);
  } else {
    size = LLVMFuzzerMutate(data, size, max_size);
  }
  if (fuzz::below(random, 8) == 0) return size;
  for (size_t at = 0; at + kBlock <= size; at += kBlock) {
    if (data[at] != 0 && data[at + kSum] != 0) repair(data + at);
  }
  return size;
}
