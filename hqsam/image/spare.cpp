// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/spare.h"

#include <algorithm>
#include <array>

namespace hqsam {
namespace {

constexpr size_t kSmall = size_t{1} << 16;  // below, the allocator is as fast
thread_local std::array<std::vector<uint8_t>, 2> spares;

}  // namespace

std::vector<uint8_t> take_spare(size_t count) {
  if (count < kSmall) return std::vector<uint8_t>(count);
  std::vector<uint8_t>* best = nullptr;
  for (std::vector<uint8_t>& spare : spares) {
    const bool fits = spare.capacity() >= count && spare.capacity() / 2 <= count;  // not far too large
    const bool closer = best == nullptr || spare.capacity() < best->capacity();
    if (fits && closer) best = &spare;
  }
  if (best == nullptr) {  // replaces the smallest: pictures of one set often have the same size
    spares[spares[0].capacity() < spares[1].capacity() ? 0 : 1] = {};
    return std::vector<uint8_t>(count);
  }
  std::vector<uint8_t> bytes = std::move(*best);
  *best = {};
  bytes.resize(count);
  return bytes;
}

void keep_spare(std::vector<uint8_t> bytes) {
  if (bytes.capacity() < kSmall) return;
  auto& smaller = spares[spares[0].capacity() < spares[1].capacity() ? 0 : 1];
  if (bytes.capacity() > smaller.capacity()) smaller = std::move(bytes);
}

}  // namespace hqsam
