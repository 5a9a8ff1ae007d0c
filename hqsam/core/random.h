// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>

namespace hqsam {

// A stream of random numbers that depends on nothing but its key, e.g. {seed, epoch, index, purpose}:
// the same on any machine, any number of workers or ranks, and after a resume.
// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
class RandomStream {
 public:
  explicit RandomStream(std::initializer_list<uint64_t> key);

  uint64_t next();   // 64 random bits
  double uniform();  // in [0, 1)
  double uniform(double low, double high);
  int64_t below(int64_t n);  // in [0, n); n >= 1
  double normal();           // mean 0, standard deviation 1 (Box-Muller)

 private:
  uint64_t state_;
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

// What a stream is for, the last word of its key: two uses never share numbers.
enum class Draw : uint64_t {
  kShuffle = 1,
  kFlip,
  kJitter,
  kPrompt,
  kLossPoints,
  kInit,
  kSynth,
  kBootstrap,
  kSubset,
  kMaskOrder,
  kReplace
};

RandomStream random_stream(uint64_t seed, uint64_t epoch, uint64_t index, Draw purpose);

}  // namespace hqsam
