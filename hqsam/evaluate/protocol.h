// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"
#include "hqsam/predict/input_frame.h"
#include "hqsam/predict/prompt_rows.h"
#include "hqsam/predict/tensor_image.h"

namespace hqsam {

// The stations of one picture through a protocol: prepare (any thread), decode (the model's thread), mask_in_image (the
// model's thread), then the metrics (any thread).

// A picture ready for the model. truths and mask_indexes have one entry for each prompt made of a mask; boxes of a
// detector have box_scores in their place. Masks are packed and shared with the sample that they come from.
struct PreparedSample {
  std::string set, name, image_path;
  torch::Tensor image_in_input;  // [1,3,h,w] uint8, not padded
  InputFrame frame;
  std::vector<PromptRow> prompts;          // in the input frame; of clicks the first
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

// side: the model's image_size. index: position in the data set. only: one mask's index, or -1 for all.
// Throws Error when a label is not of the picture's size, and where the options want coarse masks or a detector's
// boxes that the set does not have.
PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, int64_t side,
                              int64_t only = -1);
// The same for more options of the same protocol, the picture resized once: only the first has image_in_input.
std::vector<PreparedSample> prepare_prompts(const Sample& sample, int64_t index,
                                            const std::vector<EvaluateOptions>& options, int64_t side);

// What the encoder makes of a picture, shared by all its prompts.
struct EncodedPicture {
  ImageFeatures features;
  torch::Tensor hq_features;  // undefined where only SAM's masks are wanted
};
EncodedPicture encode_sample(SamHq& model, const PreparedSample& sample, const std::vector<MaskKind>& kinds);

// Takes one kind's answer to a prompt: low-res logits [1,1,M,M] float32 on the model's device, and SAM's predicted IoU
// (0 unless asked for).
using OnDecoded = std::function<void(MaskKind kind, size_t prompt, const torch::Tensor& low_res, double iou)>;
// Hands out each decoder batch's masks before the next one is run. At least one prompt. with_iou: also for HQ masks
// alone, which costs the pass SAM's heads.
void decode_prompts(SamHq& model, const EncodedPicture& picture, const std::vector<PromptRow>& prompts,
                    const std::vector<MaskKind>& kinds, bool with_iou, const OnDecoded& on_decoded);

// kind -> low-res logits [N,1,M,M] float32 of the N prompts, on the model's device. N >= 1.
std::map<MaskKind, torch::Tensor> decode_sample(SamHq& model, const PreparedSample& sample,
                                                const std::vector<MaskKind>& kinds);

// low_res [1,1,M,M] -> the mask of the picture, of `size` pixels where given, else of the picture's.
PackedMask mask_in_image(const torch::Tensor& low_res, const PreparedSample& sample, Protocol protocol, int64_t side,
                         FrameRoom& room, std::optional<Size> size = {});

// Throws Error where kinds need HQ modules and the model has none.
void check_kinds(const SamHq& model, const std::vector<MaskKind>& kinds);

}  // namespace hqsam
