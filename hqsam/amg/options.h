// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "hqsam/model/mask_decoder.h"

namespace hqsam {

// How everything in a picture is found. Defaults are SAM's where SAM has the option.
struct AmgOptions {
  bool exact = false;                  // SAM's algorithm step by step; false: hqsam's own, see generator.h
  MaskKind masks = MaskKind::kSum;     // that come out
  int64_t points_per_side = 32;        // of the grid over the picture
  int64_t points_per_batch = 0;        // prompts in one decoder call, which bounds its memory; 0: by the device
  double min_predicted_iou = 0.88;     // masks must be above it
  double min_stability = 0.95;         // and at least here: IoU of the mask cut at +offset and at -offset
  double stability_offset = 1;         // logits
  double nms_iou = 0.7;                // of two that overlap more the better stays; exact: of their boxes
  int64_t crop_layers = 0;             // layer i cuts the picture into 2^i x 2^i crops, each with a grid of its own
  double crop_nms_iou = 0.7;           // between crops; masks of smaller crops stay
  double crop_overlap = 512.0 / 1500;  // of the shorter side, in layer 1; half of it in layer 2, ...
  int64_t crop_points_divisor = 1;     // layer i has points_per_side / divisor^i points a side
  int64_t min_region = 0;              // pixels; smaller holes are filled and smaller islands removed
  int64_t tile = 0;      // pixels a side of the tiles that a large picture is cut into, see tiles.h; 0: none
  int64_t min_area = 0;  // pixels of a mask
  int64_t max_area = std::numeric_limits<int64_t>::max();

  // tile, min_area and max_area are hqsam's own, not for exact.
  void validate() const;  // throws Error naming the field

  // The filters, in SAM's float32.
  bool passes_iou(float predicted_iou) const;
  bool passes_stability(float stability) const { return !(stability < static_cast<float>(min_stability)); }
};

}  // namespace hqsam
