// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hqsam {

// The mark by which the ranks of a group know each other's messages. It is made with a secret that they share
// (HQSAM_GROUP_KEY); without one it still tells another program's bytes from theirs, but a liar can make it too.
class Seal {
 public:
  static constexpr size_t kMostBytes = 1 << 20;  // of a sealed text; more is nobody's message

  explicit Seal(std::string_view secret);  // any text, "" for none

  // text with the mark in front, for the place named by key alone.
  std::string close(std::string_view key, std::string_view text) const;
  // The text within, or nothing where the bytes are too many or do not carry this seal's mark for this place.
  std::optional<std::string> open(std::string_view key, std::string_view sealed) const;

  // SipHash-2-4 of the bytes under the secret: equal for those who know it, unknown to others.
  uint64_t tag(std::string_view bytes) const;

 private:
  uint64_t key_[2];
};

// SipHash-2-4 (Aumasson and Bernstein, 2012) under a key of 16 bytes, as two little-endian words.
uint64_t siphash(const uint64_t (&key)[2], std::string_view bytes);

}  // namespace hqsam
