// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// How many proposals of a picture count, best first.
inline constexpr int64_t kProposalCounts[] = {10, 100, 1000};

// How much of what a data set has masks of is found without a prompt: everything in each picture by
// AutomaticMaskGenerator (options.proposals), once for each kind of mask, against all of the picture's masks, whatever
// their category. Average recall as COCO counts it (pycocotools' COCOeval with useCats = 0): the share of masks that a
// proposal of their own overlaps, mean over IoU 0.50 to 0.95. Metrics, percent: "ar10", "ar100", "ar1000"; with all
// 1000 "ar_s", "ar_m", "ar_l" of masks below 32^2 pixels, to 96^2, above; the same of boundaries, "ar_b10", ...;
// "proposals": how many a picture has. No sample has a score of its own.
// Throws Error as evaluate does, and as AmgOptions::validate.
EvaluateResult evaluate_proposals(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                  Group& group);

}  // namespace hqsam
