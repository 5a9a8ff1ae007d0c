// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/random.h"

#include <cmath>
#include <numbers>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

RandomStream::RandomStream(std::initializer_list<uint64_t> key) : state_(kGolden) {
  for (uint64_t word : key) state_ = mix(state_ + kGolden + mix(word + kGolden));
}

uint64_t RandomStream::next() {
  state_ += kGolden;
  return mix(state_);
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

int64_t RandomStream::below(int64_t n) {
  if (n < 1) fail("RandomStream::below", "n must be at least 1, got {}", n);
  // Lemire's multiplication; the bias is below n / 2^64.
  return static_cast<int64_t>((static_cast<unsigned __int128>(next()) * static_cast<uint64_t>(n)) >> 64);
}

double RandomStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

RandomStream random_stream(uint64_t seed, uint64_t epoch, uint64_t index, Draw purpose) {
  return RandomStream{seed, epoch, index, static_cast<uint64_t>(purpose)};
}

}  // namespace hqsam
