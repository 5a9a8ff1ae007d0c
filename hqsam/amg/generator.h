// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hqsam/amg/found_mask.h"
#include "hqsam/amg/options.h"
#include "hqsam/image/image.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

// Masks of everything in a picture, best first.
//
// Exact, SAM's algorithm (Kirillov et al. 2023, appendix B): each point of a grid is a prompt that gives three masks
// (kSum and kHq: one, the best, as HQ-SAM's decoder does); those of a high predicted IoU are brought to the picture's
// size, those that are stable there stay, but for those that end at a crop's edge; of those with nearly the same box
// the best stays. Crops do the same, and smaller crops go before larger ones.
//
// Otherwise: SAM's proposals of a coarse grid, then of finer ones where nothing was found, one HQ pass for those that
// stay, and of two masks whose IoU is high the better (proposals.h); large pictures in tiles (tiles.h). The masks do
// not depend on points_per_batch or the number of threads, but for what libtorch's products round differently.
class AutomaticMaskGenerator {
 public:
  // Throws Error as AmgOptions::validate, and for HQ masks of a model without HQ modules.
  AutomaticMaskGenerator(SamHq model, AmgOptions options);

  // RGB. Throws Error for a gray or empty picture. Masks without a pixel are left out.
  std::vector<FoundMask> generate(const Image& picture) const;
  // One mask for each box in place of the grid, by the same filters. Throws Error with exact, and without boxes.
  std::vector<FoundMask> of_boxes(const Image& picture, std::span<const Box> boxes_in_image) const;

  const AmgOptions& options() const { return options_; }

 private:
  std::vector<FoundMask> of_tiles(const Image& picture) const;

  SamHq model_;
  AmgOptions options_;
};

}  // namespace hqsam
