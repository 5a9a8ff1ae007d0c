// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/amg/options.h"
#include "hqsam/data/on_error.h"
#include "hqsam/data/prompts.h"
#include "hqsam/metrics/average_precision.h"
#include "hqsam/model/mask_decoder.h"
#include "hqsam/prompt/input_frame.h"

namespace hqsam {

// Where prompts come from.
enum class PromptOrigin {
  kTruth,       // made of the truth, as EvaluateOptions::prompt says
  kCoarseMask,  // the data set's rough mask
  kDetector,    // the data set's boxes of a detector; average precision alone, for no mask has a box of its own
  kClicks,      // the truth's middle, then the middle of the largest error (data/clicks.h), each kind of mask with
                // clicks of its own; from the second click on the logits before are the mask prompt, as in SAM
  kProposals,   // none: everything in the picture is proposed, and recall is measured (proposals.h)
};

inline constexpr int64_t kMostClicks = 1000;

// Boxes are made of the squashed label (kReference) or of the label as it is (kKeepAspect), points, noisy and rough
// masks and noise of boxes in the input frame under both.
struct EvaluateOptions {
  Protocol protocol = Protocol::kReference;
  PromptOrigin origin = PromptOrigin::kTruth;
  PromptType prompt = PromptType::kBox;     // points: prompt_points of them; noisy mask: as in training
  int64_t prompt_points = 10;               // all inside pixels where a mask has fewer
  BoxNoise box_noise = {};                  // of boxes, within the picture
  std::vector<RoughKind> rough_kinds = {};  // rough masks: one of these; empty = of all
  int64_t clicks = 20;                      // of each mask
  std::vector<MaskKind> masks = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};
  double boundary_dilation = 0.02;    // of the diagonal
  double strict_dilation = 0.01;      // the same, of the strict boundary IoU
  bool fine_structure = false;        // also IoU on thin parts and human correction efforts (fine_structure.h)
  ApOptions ap;                       // of data sets that state categories; its boundaries are the two above
  AmgOptions proposals;               // of kProposals; its `masks` is each of the masks here in turn
  int64_t workers = 2;                // threads that decode ahead, and as many that measure; 0 = none
  int64_t batch = 1;                  // pictures that the encoder takes at once
  int64_t limit = 0;                  // pictures per set, evenly spaced; 0 = all
  uint64_t seed = 42;                 // of point and noisy-mask prompts
  std::filesystem::path save_masks;   // where set, predictions go into its <kind>/<set>/<picture>_<mask's number>.png,
                                      // 0/255, of the picture's size; numbers count from 1, of a detector's boxes too
  OnError on_error = OnError::kStop;  // kSkip: pictures that cannot be read are warned of and counted
  void validate() const;              // throws Error naming the field
};

std::string to_string(Protocol protocol);                  // reference, keep_aspect
std::string prompt_name(PromptType type);                  // box, points, noisy_mask, rough_mask
std::string prompt_name(const EvaluateOptions& options);   // these, or coarse_mask, detector, clicks
std::string prompt_label(const EvaluateOptions& options);  // the same, with what tells prompts of one name apart:
                                                           // points_3, box_noise_0.2, rough_mask_dilated

}  // namespace hqsam
