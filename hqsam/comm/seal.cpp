// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/seal.h"

#include <spdlog/fmt/fmt.h>

#include <bit>

namespace hqsam {
namespace {

constexpr std::string_view kMagic = "hqsam1:";
constexpr size_t kTagDigits = 16;

// The four words of SipHash's state.
struct SipState {
  uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }
  void take(uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

// Up to eight bytes, the first one lowest.
uint64_t word_of(std::string_view bytes) {
  uint64_t word = 0;
  for (size_t i = 0; i < bytes.size(); ++i) word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

}  // namespace

uint64_t siphash(const uint64_t (&key)[2], std::string_view bytes) {
  const uint64_t length = uint64_t{bytes.size()} << 56;
  SipState state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                 key[1] ^ 0x7465646279746573};
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) state.take(word_of(bytes.substr(0, 8)));
  state.take(word_of(bytes) | length);
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

Seal::Seal(std::string_view secret) : key_{siphash({1, 0}, secret), siphash({2, 0}, secret)} {}

uint64_t Seal::tag(std::string_view bytes) const { return siphash(key_, bytes); }

std::string Seal::close(std::string_view key, std::string_view text) const {
  const uint64_t mark = tag(fmt::format("{} {}{}", key.size(), key, text));
  return fmt::format("{}{:0{}x} {}", kMagic, mark, kTagDigits, text);
}

std::optional<std::string> Seal::open(std::string_view key, std::string_view sealed) const {
  constexpr size_t kFront = kMagic.size() + kTagDigits + 1;
  if (sealed.size() < kFront || sealed.size() > kMostBytes) return std::nullopt;
  const std::string_view text = sealed.substr(kFront);
  if (close(key, text) != sealed) return std::nullopt;
  return std::string(text);
}

}  // namespace hqsam
