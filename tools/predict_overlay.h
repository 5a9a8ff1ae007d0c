// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hqsam/image/draw.h"

namespace hqsam {

// The picture three times at the overlay's size: prompts, SAM's masks, HQ-SAM's.
class Overlay {
 public:
  static constexpr size_t kMostPrompts = 50;  // shown; more hide each other

  Overlay(const Image& picture, size_t prompts);

  Size size() const { return picture_.size(); }  // of the masks
  size_t shown() const { return shown_; }        // the first so many prompts
  // In the picture's frame, but for a rough mask of the overlay's size.
  void add_prompt(const PromptMarks& prompt) { draw_prompt(picture_, prompt.scaled(scale_x_, scale_y_)); }
  void add_sam(const Mask& mask) { draw_mask(sam_, mask, kSamColor); }
  void add_hq(const Mask& mask) { draw_mask(hq_, mask, kHqColor); }
  void write(const std::filesystem::path& path, bool with_hq);

 private:
  size_t prompts_, shown_;
  double scale_x_, scale_y_;
  Image picture_, sam_, hq_;  // the first with the prompts
};

}  // namespace hqsam
