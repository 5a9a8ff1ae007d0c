// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/evaluate/protocol.h"
#include "hqsam/evaluate/shard.h"

namespace hqsam {

// One kind's answer to a prepared sample's prompts, in the picture's frame.
struct KindMasks {
  std::vector<Mask> masks;
  std::vector<double> scores;                   // of average precision; empty without it
  std::vector<std::vector<double>> click_ious;  // of each mask; empty without clicks
};

// Whether the picture adds to average precision under these options.
bool wants_ap(const PreparedSample& sample, const EvaluateOptions& options);

// Runs the model on a picture's prompts. Nothing where it has none.
std::map<MaskKind, KindMasks> answer_prompts(SamHq& model, const EncodedPicture& picture, const PreparedSample& sample,
                                             const EvaluateOptions& options);

// The metrics of one picture; any thread.
PictureResult measure(const PreparedSample& sample, const std::map<MaskKind, KindMasks>& answers,
                      const EvaluateOptions& options);

// The metrics of a set; moves the pictures' samples to the end of `samples`.
SetResult summarize(const std::string& name, std::vector<PictureResult>& pictures, const EvaluateOptions& options,
                    std::vector<SampleResult>& samples);

}  // namespace hqsam
