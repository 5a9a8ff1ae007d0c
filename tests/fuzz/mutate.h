// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

// libFuzzer's own mutation of a run of bytes in place; returns the new size.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// What the mutators that know a format share. They keep lengths, checksums and offsets sound most of the time, so
// that a change gets past the checks at the door.
namespace hqsam::fuzz {

using Random = std::minstd_rand;

// In [0, n); n >= 1.
inline size_t below(Random& random, size_t n) { return random() % n; }

inline void mutate_bytes(std::string& bytes, size_t max_growth = 64) {
  const size_t size = bytes.size();
  bytes.resize(size + max_growth);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(bytes.data()), size, bytes.size()));
}

// Hands a mutated input back to libFuzzer.
inline size_t put(const std::string& bytes, uint8_t* data, size_t max_size) {
  const size_t size = std::min(bytes.size(), max_size);
  std::memcpy(data, bytes.data(), size);
  return size;
}

template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return bytes;
}

// Changes a pickle by whole operations and by their arguments.
void mutate_pickle(std::string& pickle, Random& random);

}  // namespace hqsam::fuzz
