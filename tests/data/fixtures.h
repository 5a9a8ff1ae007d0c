// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "errors.h"
#include "hqsam/core/random.h"
#include "hqsam/data/dataset.h"
#include "hqsam/prompt/prompt.h"

namespace hqsam {

// Random pixels, so that equal rows mean equal work.
inline Image random_picture(Size size, int64_t channels, uint64_t seed) {
  Image image(size.height, size.width, channels);
  RandomStream stream{seed};
  for (uint8_t& value : image.pixels) value = static_cast<uint8_t>(stream.below(256));
  return image;
}

inline Image label_with_square(Size size, int64_t left, int64_t top, int64_t side, uint8_t value = 255) {
  Image label(size.height, size.width, 1);
  for (int64_t y = top; y < top + side; ++y) {
    for (int64_t x = left; x < left + side; ++x) *label.at(y, x) = value;
  }
  return label;
}

inline bool same_prompt(const Prompt& a, const Prompt& b) {
  const auto same = [&](torch::Tensor Prompt::*part) {
    return (a.*part).defined() ? (b.*part).defined() && torch::equal(a.*part, b.*part) : !(b.*part).defined();
  };
  return same(&Prompt::box_in_input) && same(&Prompt::points_in_input) && same(&Prompt::point_labels) &&
         same(&Prompt::mask_in_mask_input);
}

// Pictures in memory: sample i is random, with a square as its mask.
class MemoryDataset : public Dataset {
 public:
  explicit MemoryDataset(int64_t count, Size size = {60, 80}) : count_(count), size_(size) {}
  int64_t size() const override { return count_; }
  Sample get(int64_t index) const override {
    Sample sample;
    sample.set = "memory";
    sample.name = std::to_string(index);
    sample.image_path = path(index);
    sample.image = random_picture(size_, 3, index);
    sample.labels.push_back(label_with_square(size_, 10 + index % 20, 8, 30));
    return sample;
  }
  std::string path(int64_t index) const override { return "memory/" + std::to_string(index); }

 private:
  int64_t count_;
  Size size_;
};

}  // namespace hqsam
