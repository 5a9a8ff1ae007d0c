// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"
#include "hqsam/predict/input_frame.h"
#include "hqsam/predict/prompt_rows.h"

namespace hqsam {

// The stations of one picture through a protocol: prepare (any thread), decode (the model's thread),
// masks_in_image (the model's thread), then the metrics (any thread).

// A picture ready for the model; prompts, truths and mask_indexes have one entry for each mask that has an inside.
struct PreparedSample {
  std::string set, name, image_path;
  torch::Tensor image_in_input;  // [1,3,h,w] uint8, not padded
  InputFrame frame;
  std::vector<PromptRow> prompts;     // in the input frame
  std::vector<Mask> truths;           // in the picture's frame
  std::vector<int64_t> mask_indexes;  // in the sample
  int64_t skipped = 0;                // masks without an inside
};

// side: the model's image_size. index: position in the data set. only: one mask's index, or -1 for all.
// Throws Error when a label is not of the picture's size.
PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, int64_t side,
                              int64_t only = -1);

// Kind -> low-res logits [N,1,M,M] float32 of the N prompts, on the model's device. N >= 1.
std::map<MaskKind, torch::Tensor> decode_sample(SamHq& model, const PreparedSample& sample,
                                                const std::vector<MaskKind>& kinds);

// low_res [N,1,M,M] -> N masks of the picture's size.
std::vector<Mask> masks_in_image(const torch::Tensor& low_res, const PreparedSample& sample, Protocol protocol,
                                 int64_t side);

// Throws Error where kinds need HQ modules and the model has none.
void check_kinds(const SamHq& model, const std::vector<MaskKind>& kinds);

}  // namespace hqsam
