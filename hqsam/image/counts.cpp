// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/counts.h"

#include <algorithm>

#include "hqsam/image/clones.h"

namespace hqsam {
namespace {

constexpr int64_t kBlock = 4096;

template <class Value>
inline int64_t above(const Value* __restrict values, int64_t count, Value limit) {
  int64_t all = 0;
  for (int64_t at = 0; at < count; at += kBlock) {
    const int64_t end = std::min(count, at + kBlock);
    int32_t here = 0;
    for (int64_t i = at; i < end; ++i) here += values[i] > limit ? 1 : 0;
    all += here;
  }
  return all;
}

template <class Value>
bool any(const Value* values, int64_t count, Value limit) {
  for (int64_t at = 0; at < count; at += kBlock) {
    if (count_above(values + at, std::min(kBlock, count - at), limit) > 0) return true;
  }
  return false;
}

}  // namespace

HQSAM_CLONES int64_t count_above(const uint8_t* values, int64_t count, uint8_t limit) {
  return above(values, count, limit);
}
HQSAM_CLONES int64_t count_above(const float* values, int64_t count, float limit) {
  return above(values, count, limit);
}

bool any_above(const uint8_t* values, int64_t count, uint8_t limit) { return any(values, count, limit); }
bool any_above(const float* values, int64_t count, float limit) { return any(values, count, limit); }

HQSAM_CLONES UsualValues count_usual(const uint8_t* values, int64_t count) {
  UsualValues all;
  for (int64_t at = 0; at < count; at += kBlock) {
    const int64_t end = std::min(count, at + kBlock);
    int32_t zeros = 0, ones = 0, whites = 0;
    for (int64_t i = at; i < end; ++i) {
      zeros += values[i] == 0 ? 1 : 0;
      ones += values[i] == 1 ? 1 : 0;
      whites += values[i] == 255 ? 1 : 0;
    }
    all.zeros += zeros, all.ones += ones, all.whites += whites;
  }
  return all;
}

}  // namespace hqsam
