// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/evaluate/options.h"
#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

// Kind of mask -> name of a metric -> value.
using MetricsByKind = std::map<MaskKind, std::map<std::string, double>>;

// One mask's metrics, 0..1, per kind of mask.
struct SampleResult {
  std::string set, name, image_path;
  int64_t mask_index = 0;
  struct Scores {
    double iou = 0, boundary_iou = 0, strict_boundary_iou = 0;
    std::optional<double> thin_iou = {};  // where asked for and the truth has thin parts
    std::optional<int64_t> hce = {};      // human correction efforts, where asked for
    std::vector<double> click_ious = {};  // after 1, 2, ... clicks; the other scores are after the last
    std::vector<double> click_boundary_ious = {};
  };
  std::map<MaskKind, Scores> scores;
  struct OfPrompt {
    double iou = 0, boundary_iou = 0;
  };
  std::optional<OfPrompt> prompt = {};  // of the mask that was the prompt, where one was
};

struct SetResult {
  std::string name;
  int64_t images = 0;   // pictures run
  int64_t skipped = 0;  // masks without an inside (in the frame of the prompt), and what a reader had to leave out
  // kind -> metric. Means over the masks, percent: "miou", "mbiou", "mbiou_strict"; "recall50", "recall55", ...
  // "recall90": the share of masks whose boundary IoU is above 0.50, ... Of clicks: "noc85", "noc90", "noc95" (how
  // many until the IoU is reached, all of them where it never is), "miou_click01", "mbiou_click01", ... Of masks as
  // prompts: "prompt_miou", "prompt_mbiou", their own, equal for all kinds. Of sets with categories: ap_metrics. Of
  // fine_structure: "thin_iou" over the masks with thin parts, and "hce", clicks. Empty where every mask was skipped.
  MetricsByKind metrics;
  int64_t unread = 0;  // pictures that could not be read, with on_error kSkip; not among images
};

// Where an evaluation's time went. Decoding and measuring run on threads of their own beside the model, so the sum is
// more than the time that passed. On CUDA the encoder's work is waited for in the decoder's seconds.
struct StationSeconds {
  double decode = 0;   // pictures and masks read and made ready for the model, summed over threads
  double encoder = 0;  // of the model's thread
  double decoder = 0;  // of the model's thread, bringing masks to the picture's size among it
  double measure = 0;  // summed over threads
};

struct EvaluateResult {
  std::vector<SetResult> sets;
  MetricsByKind mean;                 // over sets that have metrics, percent
  std::vector<SampleResult> samples;  // in order of sets and pictures
  double seconds = 0;
  StationSeconds stations;  // of this rank, and of all prompts of one evaluation
};

// Per-mask values of all sets, or of one, and 95 % bootstrap intervals of their means; percent.
enum class Metric { kIou, kBoundaryIou, kStrictBoundaryIou };
Interval mean_interval(const EvaluateResult& result, MaskKind kind, Metric metric, const std::string& set = "");
// Of the paired differences kind - baseline, mask by mask. Throws Error where a kind was not evaluated.
Interval difference_interval(const EvaluateResult& result, MaskKind kind, MaskKind baseline, Metric metric,
                             const std::string& set = "");

// Which masks of an HQ-SAM to ask for, by the boundary IoU of all masks.
struct BestMasks {
  MaskKind kind = MaskKind::kSum;  // kHq where it is better for certain, else the paper's sum
  Interval hq_minus_sum;           // mBIoU, percentage points
};
// Nothing where either was not evaluated, or where no mask was.
std::optional<BestMasks> best_masks(const EvaluateResult& result);

// results.json. Numbers are percent, seconds apart:
// {"version": 1, "checkpoint", "protocol", "prompt",
//  "boundary_dilation", "strict_dilation"    bands of the boundary IoUs, shares of the diagonal
//  "max_detections", "max_detections_in_picture"    that average precision looks at
//  "prompt_points", "clicks_per_mask"    where prompts are points, or clicks
//  "sets": [{"name", "images", "skipped", "unread" (where there are any),
//            "metrics": {"sam": {"miou", "mbiou", "mbiou_strict", ...}, ...}}],
//  "mean": {"sam": {"miou", "mbiou", ...}, ...},
//  "pooled": {"masks", "sam": {"miou": {"mean", "low", "high"}, "mbiou": {...}, "mbiou_strict": {...}}, ...,
//             "hq-sam": {...}, "sum-sam": {...}},
//                        all sets' masks as one, with 95 % bootstrap intervals; differences are paired
//  "best_masks": {"masks": "hq" or "sum", "hq-sum": {"mean", "low", "high"}}    of mBIoU; where both were evaluated
//  "proposals": {"exact", "points_per_side", ...}    where everything was proposed: what AmgOptions were
//  "noise", "noise_cap", "kinds"    where prompts are boxes that are off, or rough masks of some kinds
//  "clicks": {"sam": {"miou": [after 1, 2, ...], "mbiou": [...]}, ...}    where prompts are clicks, pooled
//  "seconds", "station_seconds": {"decode", "encoder", "decoder", "measure"}    of rank 0; the four overlap}
std::string results_json(const EvaluateResult& result, const EvaluateOptions& options, const std::string& checkpoint);
// samples.jsonl, a line per mask, percent: {"set", "file", "mask", "sam": {"iou", "biou", "biou_strict"}, ...}, and
// "clicks": [IoU after 1, 2, ...], "clicks_biou", "thin_iou", "hce" beside them where there are any;
// "prompt": {"iou", "biou"} of a mask that was the prompt
std::string samples_jsonl(const EvaluateResult& result);
// For the terminal: a row per set and their mean, then the pooled differences to SAM, and the best masks.
std::string results_table(const EvaluateResult& result);

}  // namespace hqsam
