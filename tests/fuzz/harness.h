// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"

// What the fuzzers and the replay of their corpora share. Each fuzz_<name>.cpp reads one input as a file of its kind
// and walks over all that it got; hqsam::Error is the only exception allowed out of a reader.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace hqsam::fuzz {

inline const bool kQuiet = (spdlog::set_level(spdlog::level::off), true);  // warnings of what is left out

using Bytes = std::span<const std::byte>;

inline Bytes as_file(const uint8_t* data, size_t size) { return std::as_bytes(std::span(data, size)); }

// Ends the process, so that the input is reported, where a reader broke its word.
inline void require(bool kept) {
  if (!kept) std::abort();
}

// Reads every byte, so that AddressSanitizer sees those that are not ours.
inline void touch(Bytes bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += std::to_integer<unsigned>(byte);
  asm volatile("" : : "r"(sum));  // or the compiler leaves the loop out
}
inline void touch(std::string_view text) { touch(std::as_bytes(std::span(text.data(), text.size()))); }

// An error is one line for people: nothing out of the file may break it or steer a terminal.
inline void check_message(const Error& error) {
  const std::string_view text = error.what();
  require(text.size() < 4096 && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }));
}

// What a reader throws must be such an error.
template <class Read>
void attempt(Read read) {
  try {
    read();
  } catch (const Error& error) {
    check_message(error);
  }
}

}  // namespace hqsam::fuzz
