// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/label.h"

#include "hqsam/image/counts.h"

namespace hqsam {
namespace {

bool black_and_white(const Image& gray) {
  const UsualValues counts = count_usual(gray.pixels.data(), std::ssize(gray.pixels));
  return counts.zeros + counts.whites == std::ssize(gray.pixels);
}

void unpack_to_gray(const PackedMask& packed, Image& gray) {
  gray.height = packed.size.height, gray.width = packed.size.width, gray.channels = 1;
  unpack_into(packed, 255, gray.pixels);
}

Image unpacked(const PackedMask& packed) {
  Image gray;
  unpack_to_gray(packed, gray);
  return gray;
}

}  // namespace

int64_t Label::area() const {
  return packed_ ? packed_->area : count_above(gray_.pixels.data(), std::ssize(gray_.pixels), uint8_t{128});
}

const Image* Label::soft() const { return packed_ || black_and_white(gray_) ? nullptr : &gray_; }

const Image& Label::gray_in(Image& room) const {
  if (!packed_) return gray_;
  unpack_to_gray(*packed_, room);
  return room;
}

Image Label::gray() const& { return packed_ ? unpacked(*packed_) : gray_; }

Image Label::gray() && { return packed_ ? unpacked(*packed_) : std::move(gray_); }

SharedMask Label::packed() const {
  return packed_ ? packed_ : std::make_shared<const PackedMask>(pack_tightly(threshold_label(gray_)));
}

Mask threshold_label(const Label& label) {
  return label.packed_ ? unpack(*label.packed_) : threshold_label(label.gray_);
}

bool operator==(const Label& a, const Label& b) {
  if (a.is_packed() && b.is_packed()) return *a.packed() == *b.packed();
  return a.gray() == b.gray();
}

Label compact_label(Image gray) {
  if (gray.channels != 1 || !black_and_white(gray)) return gray;
  return Label(pack_tightly(threshold_label(gray)));
}

}  // namespace hqsam
