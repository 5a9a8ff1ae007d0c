// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "hqsam/evaluate/prepare.h"
#include "hqsam/evaluate/shard.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {

// One kind's answer to one of a prepared sample's prompts.
struct Answer {
  SharedMask mask;                                                // in the picture's frame
  double score = 0;                                               // of average precision
  std::vector<double> click_ious = {}, click_boundary_ious = {};  // empty without clicks
  SharedMask prompt_mask = {};  // in the picture's frame, where a mask is the prompt, of the first kind alone
};
using OnAnswer = std::function<void(MaskKind kind, size_t prompt, Answer answer)>;

// Runs the model on a picture's prompts and hands out their masks, one at a time. Nothing where it has none.
void answer_prompts(PictureSession& session, const PreparedSample& sample, const EvaluateOptions& options,
                    const OnAnswer& on_answer);

// The metrics of one picture, mask by mask: what is held are packed truths and numbers.
class PictureMeasure {
 public:
  // Both must outlive it.
  PictureMeasure(const PreparedSample& sample, const EvaluateOptions& options);
  // Each kind's answer to each prompt, once; from several threads, in any order.
  void add(MaskKind kind, size_t prompt, const Answer& answer);
  // After all were added.
  PictureResult conclude() const;

 private:
  struct OfKind {
    std::vector<SampleResult::Scores> scores;  // of the truths
    std::vector<ApRow> rows;                   // of the prompts; empty without average precision
  };
  std::shared_ptr<const BandedMask> banded(const SharedMask& mask) const;
  ApMatcher matcher() const;

  const PreparedSample& sample_;
  const EvaluateOptions& options_;
  std::vector<std::shared_ptr<const BandedMask>> all_masks_, truths_;
  std::optional<ApMatcher> matcher_;
  std::map<MaskKind, OfKind> kinds_;
  std::vector<std::optional<SampleResult::OfPrompt>> prompts_;  // of the truths
};

// The metrics of a set; moves the pictures' samples to the end of `samples`.
SetResult summarize(const std::string& name, std::vector<PictureResult>& pictures, const EvaluateOptions& options,
                    std::vector<SampleResult>& samples);

}  // namespace hqsam
