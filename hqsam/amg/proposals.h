// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hqsam/amg/crop_session.h"

namespace hqsam {

// A point that may become a prompt, and the round in which it would.
struct GridPoint {
  Point in_crop;
  int64_t round = 0;  // from 0
};
// Of the point in this row and column of a grid: every fourth a side goes first, then every second, then the others.
int64_t round_of(int64_t row, int64_t column);
std::vector<GridPoint> grid_over(const Crop& crop, int64_t points_per_side);

// A mask that SAM proposes, at the decoder's resolution; M = mask_input_size.
struct Proposal {
  Point point;  // that it was prompted with, in the crop
  float predicted_iou = 0, stability = 0;
  LowResWindow logits;  // of a threshold of 0
  PackedMask mask;      // M x M
};

// SAM's three masks of points. Masks with a high predicted IoU that are stable at the decoder's resolution stay, and of
// those whose IoU is above nms_iou the best. Best first.
// A point is skipped where an earlier round has found the smallest thing already: it lies in the smallest of the three
// masks of another point, and that mask was good enough to stay. Where the smallest was not, all points around it are
// asked, for there may be parts.
std::vector<Proposal> proposals_of(CropSession& crop, std::span<const GridPoint> points, const AmgOptions& options);

// The proposals as masks in the picture. kSam: themselves; kHq and kSum: of one more pass, with HQ, whose prompt is the
// proposal's box. Where that makes another thing of it (IoU below a half), of a pass whose prompt is the box with the
// proposal's logits, and where that does too, the proposal itself.
std::vector<FoundMask> refined(CropSession& crop, std::span<const Proposal> proposals, const AmgOptions& options);

// One mask for each box, those that are good enough.
std::vector<FoundMask> masks_of_boxes(CropSession& crop, std::span<const Box> boxes_in_crop, const AmgOptions& options);

}  // namespace hqsam
