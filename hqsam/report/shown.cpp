// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/shown.h"

#include <algorithm>
#include <utility>

#include "hqsam/core/error.h"
#include "hqsam/image/resize.h"
#include "hqsam/image/spare.h"

namespace hqsam {
namespace {

// Thin lines stay: inside is what is covered by a quarter.
Mask shrunk(const Mask& mask, Size size) {
  if (mask.size() == size) return mask;
  const Image gray = resize_antialiased(mask_to_gray(mask), size);
  Mask small(size.height, size.width);
  std::transform(gray.pixels.begin(), gray.pixels.end(), small.pixels.begin(),
                 [](uint8_t value) -> uint8_t { return value >= 64; });
  return small;
}

}  // namespace

Size shown_size(Size picture) {
  return std::max(picture.height, picture.width) <= kMostShown ? picture : longest_side_size(picture, kMostShown);
}

ShownSample shown_sample(Sample sample, int64_t mask_index, SampleMasks masks) {
  if (mask_index < 0 || mask_index >= std::ssize(sample.labels)) {
    fail("shown_sample", "{} has {} masks, asked for number {}", sample.image_path, sample.labels.size(), mask_index);
  }
  const Label label = std::move(sample.labels[static_cast<size_t>(mask_index)]);
  sample.labels = {label};
  const Size whole = sample.image.size(), size = shown_size(whole);
  if (size == whole) return {std::move(sample), std::move(masks)};
  sample.labels = {Label(pack_tightly(shrunk(threshold_label(label), size)))};
  Image large = std::exchange(sample.image, resize_antialiased(sample.image, size));
  keep_spare(std::move(large.pixels));  // for the next one
  for (auto& [kind, mask] : masks.masks) mask = shrunk(mask, size);
  const double x = static_cast<double>(size.width) / static_cast<double>(whole.width);
  const double y = static_cast<double>(size.height) / static_cast<double>(whole.height);
  PromptMarks& prompt = masks.prompt_in_image;
  prompt = prompt.scaled(x, y);
  if (prompt.rough_mask) prompt.rough_mask = shrunk(*prompt.rough_mask, size);
  return {std::move(sample), std::move(masks)};
}

}  // namespace hqsam
