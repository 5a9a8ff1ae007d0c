// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"
#include "hqsam/predict/picture_session.h"

namespace hqsam {

// The stations of one picture: prepare_sample (any thread), a PictureSession (the model's thread), then the metrics
// (any thread).

// A picture ready for the model. truths and mask_indexes have one entry for each prompt made of a mask; boxes of a
// detector have box_scores in their place. Masks are packed and shared with the sample that they come from.
struct PreparedSample {
  std::string set, name, image_path;
  PictureInput picture;
  std::vector<Prompt> prompts;             // of clicks the first
  std::vector<SharedMask> truths;          // in the picture's frame
  std::vector<int64_t> mask_indexes;       // in the sample
  std::shared_ptr<const BitMask> unknown;  // pixels of which the set says nothing, outside of all masks; null: none
  int64_t skipped = 0;                     // masks without an inside, and what the data set's reader left out

  std::vector<int64_t> categories;  // of the prompts, where the set states them
  std::vector<double> box_scores;   // a detector's
  // What average precision needs, where the set states categories: every mask of the picture, crowds too.
  bool annotated = false;
  std::vector<SharedMask> all_masks;
  std::vector<MaskInfo> infos;
  ApFederation federation;
};

// What of the model a picture is made ready for.
struct ModelSizes {
  int64_t image_size = 0, mask_input_size = 0;
};
inline ModelSizes sizes_of(const SamHq& model) { return {model->image_size(), model->mask_input_size()}; }

// index: position in the data set. only: one mask's index, or -1 for all.
// Throws Error when a label is not of the picture's size, and where the options want coarse masks or a detector's
// boxes that the set does not have.
PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, ModelSizes sizes,
                              int64_t only = -1);
// The same for more options of the same protocol, the picture resized once: only the first has pixels, and it none
// where nobody has a prompt.
std::vector<PreparedSample> prepare_prompts(const Sample& sample, int64_t index,
                                            const std::vector<EvaluateOptions>& options, ModelSizes sizes);

}  // namespace hqsam
