// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/data/dataset.h"
#include "hqsam/evaluate/options.h"
#include "hqsam/evaluate/result.h"
#include "hqsam/image/draw.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

struct NamedDataset {
  std::string name;
  std::shared_ptr<const Dataset> dataset;
};

// Several prompts at once: a result for each of the options, which may differ in all that concerns prompts alone.
// The pictures are decoded and encoded once. Throws Error where protocol, limit, masks, seed or workers differ.
std::vector<EvaluateResult> evaluate_prompts(SamHq& model, const std::vector<NamedDataset>& sets,
                                             const std::vector<EvaluateOptions>& options, Group& group);

// The encoder runs once per picture; SAM's masks come from a pass without the HQ token. Every mask of a
// picture counts; an empty prediction scores 0, since masks without an inside are skipped (and warned of).
// Ranks share the pictures of each set and all get the whole result. Throws Error for wrong options, no or
// empty sets, two sets of one name, HQ masks of a model without HQ modules, and files that cannot be read; with
// on_error kSkip only where more than half of a set's pictures cannot.
EvaluateResult evaluate(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                        Group& group);

// One sample's masks in the picture's frame under a protocol, for pictures and reports: kind -> mask, with
// the prompt in the picture's frame.
struct SampleMasks {
  std::map<MaskKind, Mask> masks;
  PromptMarks prompt_in_image;  // of clicks those of the last kind of mask
};
// index: the sample's position in its data set, which keys the draws of point and noisy-mask prompts. size: pixels of
// the masks, the picture's where not given; masks after clicks have the picture's in any case.
// Throws Error where the mask has no inside.
SampleMasks evaluate_sample(SamHq& model, const Sample& sample, int64_t mask_index, const EvaluateOptions& options,
                            int64_t index = 0, std::optional<Size> size = {});

}  // namespace hqsam
