// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/small_regions.h"

#include <algorithm>

#include "hqsam/mask/morphology.h"

namespace hqsam {
namespace {

// What of the picture is looked at: the mask's box, and a pixel around it, through which the outside is connected.
struct Cut {
  int64_t top = 0, left = 0;
  Mask pixels;
};

Cut cut_around(const PackedMask& mask) {
  const auto x0 = static_cast<int64_t>(mask.box->x0), y0 = static_cast<int64_t>(mask.box->y0);
  const auto x1 = static_cast<int64_t>(mask.box->x1), y1 = static_cast<int64_t>(mask.box->y1);
  Cut cut{std::max<int64_t>(y0 - 1, 0), std::max<int64_t>(x0 - 1, 0), {}};
  cut.pixels = Mask(std::min(y1 + 2, mask.size.height) - cut.top, std::min(x1 + 2, mask.size.width) - cut.left);
  std::vector<uint8_t> row(static_cast<size_t>(mask.window.size.width));
  for (int64_t y = y0; y <= y1; ++y) {
    unpack_row(mask.window.row(y - mask.top), mask.window.size.width, 1, row.data());
    std::copy(row.begin() + (x0 - mask.left), row.begin() + (x1 + 1 - mask.left),
              cut.pixels.pixels.begin() + (y - cut.top) * cut.pixels.width + (x0 - cut.left));
  }
  return cut;
}

PackedMask put_back(const Cut& cut, Size size) {
  BitMask bits{size, (size.width + 63) / 64, {}};
  bits.words.resize(static_cast<size_t>(size.height * bits.words_per_row));
  std::vector<uint8_t> row(static_cast<size_t>(size.width));
  for (int64_t y = 0; y < cut.pixels.height; ++y) {
    const auto from = cut.pixels.pixels.begin() + y * cut.pixels.width;
    std::copy(from, from + cut.pixels.width, row.begin() + cut.left);
    pack_row(row.data(), size.width, bits.row(cut.top + y));
  }
  return pack_tightly(bits);
}

std::vector<int64_t> sizes_of(const Components& regions) {
  std::vector<int64_t> sizes(static_cast<size_t>(regions.count) + 1, 0);
  for (const int32_t label : regions.label) ++sizes[static_cast<size_t>(label)];
  return sizes;
}

// The ring around the mask is connected with all of the picture that was not cut out, so it counts as large
// as all of that is.
bool fill_holes(Cut& cut, Size size, int64_t min_area) {
  Mask outside = cut.pixels;
  for (uint8_t& pixel : outside.pixels) pixel ^= 1;
  const Components regions = components(outside);
  std::vector<int64_t> sizes = sizes_of(regions);
  std::vector<size_t> ring;
  const int64_t bottom = cut.top + cut.pixels.height, right = cut.left + cut.pixels.width;
  for (int64_t y = 0; y < cut.pixels.height; ++y) {
    for (int64_t x = 0; x < cut.pixels.width; ++x) {
      const bool on_ring = (y == 0 && cut.top > 0) || (y + 1 == cut.pixels.height && bottom < size.height) ||
                           (x == 0 && cut.left > 0) || (x + 1 == cut.pixels.width && right < size.width);
      const auto label = static_cast<size_t>(regions.label[static_cast<size_t>(y * cut.pixels.width + x)]);
      if (on_ring && label > 0) ring.push_back(label);
    }
  }
  const int64_t beyond = size.height * size.width - std::ssize(cut.pixels.pixels);
  std::sort(ring.begin(), ring.end());
  ring.erase(std::unique(ring.begin(), ring.end()), ring.end());
  for (const size_t label : ring) sizes[label] += beyond;
  bool changed = false;
  for (size_t i = 0; i < regions.label.size(); ++i) {
    const auto label = static_cast<size_t>(regions.label[i]);
    if (label == 0 || sizes[label] >= min_area) continue;
    cut.pixels.pixels[i] = 1;
    changed = true;
  }
  return changed;
}

bool remove_islands(Cut& cut, int64_t min_area) {
  const Components regions = components(cut.pixels);
  const std::vector<int64_t> sizes = sizes_of(regions);
  const auto largest = static_cast<size_t>(std::max_element(sizes.begin() + 1, sizes.end()) - sizes.begin());
  bool changed = false;
  for (size_t i = 0; i < regions.label.size(); ++i) {
    const auto label = static_cast<size_t>(regions.label[i]);
    if (label == 0 || label == largest || sizes[label] >= min_area) continue;
    cut.pixels.pixels[i] = 0;
    changed = true;
  }
  return changed || (regions.count > 0 && sizes[largest] < min_area);
}

WithoutSmallRegions cleaned(const PackedMask& mask, int64_t min_area, bool holes, bool islands) {
  if (mask.area == 0 || min_area <= 0) return {mask, false};
  Cut cut = cut_around(mask);
  const bool filled = holes && fill_holes(cut, mask.size, min_area);
  const bool removed = islands && remove_islands(cut, min_area);
  if (!filled && !removed) return {mask, false};
  return {put_back(cut, mask.size), true};
}

}  // namespace

WithoutSmallRegions without_small_holes(const PackedMask& mask, int64_t min_area) {
  return cleaned(mask, min_area, true, false);
}

WithoutSmallRegions without_small_islands(const PackedMask& mask, int64_t min_area) {
  return cleaned(mask, min_area, false, true);
}

WithoutSmallRegions without_small_regions(const PackedMask& mask, int64_t min_area) {
  return cleaned(mask, min_area, true, true);
}

}  // namespace hqsam
