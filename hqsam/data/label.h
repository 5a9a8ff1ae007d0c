// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/image/image.h"
#include "hqsam/mask/packed.h"

namespace hqsam {

// One mask of a sample: gray 0..255 of the picture's size, above 128 inside. One of 0 and 255 alone may be packed,
// which takes a few bits where the gray picture takes a byte for each of the picture's pixels.
class Label {
 public:
  Label(Image gray) : gray_(std::move(gray)) {}  // NOLINT(google-explicit-constructor): it is the same thing
  explicit Label(PackedMask mask) : packed_(std::make_shared<const PackedMask>(std::move(mask))) {}

  Size size() const { return packed_ ? packed_->size : gray_.size(); }
  int64_t channels() const { return packed_ ? 1 : gray_.channels; }
  int64_t area() const;       // pixels inside
  const Image* soft() const;  // where there are values beside 0 and 255, else nullptr; lives as long as the label
  bool is_packed() const { return packed_ != nullptr; }

  const Image& gray_in(Image& room) const;  // the gray picture, made in `room` where it is packed
  Image gray() const&;
  Image gray() &&;            // without a copy where it is not packed
  SharedMask packed() const;  // what is inside; shared with the label where it is packed

 private:
  friend Mask threshold_label(const Label& label);
  Image gray_;
  SharedMask packed_;
};

Mask threshold_label(const Label& label);
bool operator==(const Label& a, const Label& b);  // the gray pictures are equal
// Packs a gray label of 0 and 255 alone.
Label compact_label(Image gray);

}  // namespace hqsam
