// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/data/dataset.h"
#include "hqsam/data/prompts.h"
#include "hqsam/metrics/bootstrap.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

// kReference: HQ-SAM's train.py. Picture and label squashed to the model's square, box from the squashed
// label, low-res logits to the original size in one bilinear step.
// kKeepAspect: SamPredictor's way: aspect kept, box from the original label, masks through the padded square.
// Points and noisy masks are drawn in the input frame, from the squashed or the padded label.
enum class Protocol { kReference, kKeepAspect };

struct EvaluateOptions {
  Protocol protocol = Protocol::kReference;
  PromptType prompt = PromptType::kBox;  // points: prompt_points of them; noisy mask: as in training
  int64_t prompt_points = 10;            // all inside pixels where a mask has fewer
  std::vector<MaskKind> masks = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};
  double boundary_dilation = 0.02;  // of the diagonal
  int64_t workers = 2;              // threads that decode ahead, and as many that measure; 0 = none
  int64_t limit = 0;                // pictures per set, evenly spaced; 0 = all
  uint64_t seed = 42;               // of point and noisy-mask prompts
  void validate() const;            // throws Error naming the field
};

// One mask's metrics, 0..1, per kind of mask ("sam", "hq", "sum").
struct SampleResult {
  std::string set, name, image_path;
  int64_t mask_index = 0;
  struct Scores {
    double iou = 0, boundary_iou = 0;
  };
  std::map<std::string, Scores> scores;
};

struct SetResult {
  std::string name;
  int64_t images = 0;   // pictures run
  int64_t skipped = 0;  // masks without an inside (in the frame of the prompt): no prompt can be made
  // kind -> {"miou", "mbiou"}: means over the masks, percent. Empty where every mask was skipped.
  std::map<std::string, std::map<std::string, double>> metrics;
};

struct EvaluateResult {
  std::vector<SetResult> sets;
  std::map<std::string, std::map<std::string, double>> mean;  // over sets that have metrics, percent
  std::vector<SampleResult> samples;                          // in order of sets and pictures
  double seconds = 0;
};

struct NamedDataset {
  std::string name;
  std::shared_ptr<const Dataset> dataset;
};

// The encoder runs once per picture; SAM's masks come from a pass without the HQ token. Every mask of a
// picture counts; an empty prediction scores 0, since masks without an inside are skipped (and warned of).
// Ranks share the pictures of each set and all get the whole result. Throws Error for wrong options, no or
// empty sets, two sets of one name, HQ masks of a model without HQ modules, and files that cannot be read.
EvaluateResult evaluate(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                        Group& group);

std::string to_string(MaskKind kind);      // sam, hq, sum
std::string to_string(Protocol protocol);  // reference, keep_aspect
std::string prompt_name(PromptType type);  // box, points, noisy_mask

// One sample's masks in the picture's frame under a protocol, for pictures and reports: kind -> mask, with
// the prompt in the picture's frame.
struct SampleMasks {
  std::map<std::string, Mask> masks;
  std::optional<Box> box_in_image;
  std::vector<Point> points_in_image;
  std::optional<Mask> rough_mask_in_image;  // noisy-mask prompts
};
// index: the sample's position in its data set, which keys the draws of point and noisy-mask prompts.
// Throws Error where the mask has no inside.
SampleMasks evaluate_sample(SamHq& model, const Sample& sample, int64_t mask_index, const EvaluateOptions& options,
                            int64_t index = 0);

// Per-mask values of all sets, or of one, and 95 % bootstrap intervals of their means; percent.
enum class Metric { kIou, kBoundaryIou };
Interval mean_interval(const EvaluateResult& result, const std::string& kind, Metric metric,
                       const std::string& set = "");
// Of the paired differences kind - baseline, mask by mask. Throws Error where a kind was not evaluated.
Interval difference_interval(const EvaluateResult& result, const std::string& kind, const std::string& baseline,
                             Metric metric, const std::string& set = "");

// results.json. Numbers are percent, seconds apart:
// {"version": 1, "checkpoint", "protocol", "prompt",
//  "sets": [{"name", "images", "skipped", "metrics": {"sam": {"miou", "mbiou"}, ...}}],
//  "mean": {"sam": {"miou", "mbiou"}, ...},
//  "pooled": {"masks", "sam": {"miou": {"mean", "low", "high"}, "mbiou": {...}}, ..., "hq-sam": {...},
//             "sum-sam": {...}},    all sets' masks as one, with 95 % bootstrap intervals; differences are paired
//  "seconds"}
std::string results_json(const EvaluateResult& result, const EvaluateOptions& options, const std::string& checkpoint);
// samples.jsonl, a line per mask, percent: {"set", "file", "mask", "sam": {"iou", "biou"}, ...}
std::string samples_jsonl(const EvaluateResult& result);
// For the terminal: a row per set and their mean, then the pooled differences to SAM.
std::string results_table(const EvaluateResult& result);

}  // namespace hqsam
