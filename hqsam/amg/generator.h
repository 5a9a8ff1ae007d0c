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
// Otherwise: see proposals.h.
class AutomaticMaskGenerator {
 public:
  // Throws Error as AmgOptions::validate, and for HQ masks of a model without HQ modules.
  AutomaticMaskGenerator(SamHq model, AmgOptions options);

  // RGB. Throws Error for a gray or empty picture. Masks without a pixel are left out.
  std::vector<FoundMask> generate(const Image& picture) const;

  const AmgOptions& options() const { return options_; }

 private:
  SamHq model_;
  AmgOptions options_;
};

}  // namespace hqsam
