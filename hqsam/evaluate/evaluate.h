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
#include "hqsam/data/on_error.h"
#include "hqsam/data/prompts.h"
#include "hqsam/metrics/average_precision.h"
#include "hqsam/metrics/bootstrap.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

// kReference: HQ-SAM's train.py. Picture and label squashed to the model's square, box from the squashed
// label, low-res logits to the original size in one bilinear step.
// kKeepAspect: SamPredictor's way: aspect kept, box from the original label, masks through the padded square.
// Points and noisy masks are drawn in the input frame, from the squashed or the padded label.
enum class Protocol { kReference, kKeepAspect };

// Where prompts come from.
enum class PromptOrigin {
  kTruth,       // made of the truth, as EvaluateOptions::prompt says
  kCoarseMask,  // the data set's rough mask
  kDetector,    // the data set's boxes of a detector; average precision alone, for no mask has a box of its own
  kClicks,      // the truth's middle, then the middle of the largest error (data/clicks.h), each kind of mask with
                // clicks of its own; from the second click on the logits before are the mask prompt, as in SAM
};

inline constexpr int64_t kMostClicks = 1000;

struct EvaluateOptions {
  Protocol protocol = Protocol::kReference;
  PromptOrigin origin = PromptOrigin::kTruth;
  PromptType prompt = PromptType::kBox;  // points: prompt_points of them; noisy mask: as in training
  int64_t prompt_points = 10;            // all inside pixels where a mask has fewer
  int64_t clicks = 20;                   // of each mask
  std::vector<MaskKind> masks = {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};
  double boundary_dilation = 0.02;    // of the diagonal
  double strict_dilation = 0.01;      // the same, of the strict boundary IoU
  bool fine_structure = false;        // also IoU on thin parts and human correction efforts (fine_structure.h)
  ApOptions ap;                       // of data sets that state categories; its boundaries are the two above
  int64_t workers = 2;                // threads that decode ahead, and as many that measure; 0 = none
  int64_t limit = 0;                  // pictures per set, evenly spaced; 0 = all
  uint64_t seed = 42;                 // of point and noisy-mask prompts
  OnError on_error = OnError::kStop;  // kSkip: pictures that cannot be read are warned of and counted
  void validate() const;              // throws Error naming the field
};

// One mask's metrics, 0..1, per kind of mask ("sam", "hq", "sum").
struct SampleResult {
  std::string set, name, image_path;
  int64_t mask_index = 0;
  struct Scores {
    double iou = 0, boundary_iou = 0, strict_boundary_iou = 0;
    std::optional<double> thin_iou = {};  // where asked for and the truth has thin parts
    std::optional<int64_t> hce = {};      // human correction efforts, where asked for
    std::vector<double> click_ious = {};  // after 1, 2, ... clicks; the other scores are after the last
  };
  std::map<std::string, Scores> scores;
};

struct SetResult {
  std::string name;
  int64_t images = 0;   // pictures run
  int64_t skipped = 0;  // masks without an inside (in the frame of the prompt), and what a reader had to leave out
  // kind -> metric. Means over the masks, percent: "miou", "mbiou", "mbiou_strict"; "recall50", "recall55", ...
  // "recall90": the share of masks whose boundary IoU is above 0.50, ... Of clicks: "noc85", "noc90", "noc95" (how
  // many until the IoU is reached, all of them where it never is), "miou_click01", ... Of sets with categories:
  // ap_metrics. Of fine_structure: "thin_iou" over the masks with thin parts, and "hce", clicks. Empty where every mask
  // was skipped.
  std::map<std::string, std::map<std::string, double>> metrics;
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
  std::map<std::string, std::map<std::string, double>> mean;  // over sets that have metrics, percent
  std::vector<SampleResult> samples;                          // in order of sets and pictures
  double seconds = 0;
  StationSeconds stations;  // of this rank, and of all prompts of one evaluation
};

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

std::string to_string(Protocol protocol);                  // reference, keep_aspect
std::string prompt_name(PromptType type);                  // box, points, noisy_mask
std::string prompt_name(const EvaluateOptions& options);   // these, or coarse_mask, detector, clicks
std::string prompt_label(const EvaluateOptions& options);  // the same, with the number of points: points_3

// One sample's masks in the picture's frame under a protocol, for pictures and reports: kind -> mask, with
// the prompt in the picture's frame.
struct SampleMasks {
  std::map<std::string, Mask> masks;
  std::optional<Box> box_in_image;
  std::vector<Point> points_in_image;       // for clicks: those of the last kind of mask
  std::vector<bool> points_positive;        // empty: all are
  std::optional<Mask> rough_mask_in_image;  // noisy-mask prompts
};
// index: the sample's position in its data set, which keys the draws of point and noisy-mask prompts. size: pixels of
// the masks, the picture's where not given; masks after clicks have the picture's in any case.
// Throws Error where the mask has no inside.
SampleMasks evaluate_sample(SamHq& model, const Sample& sample, int64_t mask_index, const EvaluateOptions& options,
                            int64_t index = 0, std::optional<Size> size = {});

// Per-mask values of all sets, or of one, and 95 % bootstrap intervals of their means; percent.
enum class Metric { kIou, kBoundaryIou, kStrictBoundaryIou };
Interval mean_interval(const EvaluateResult& result, const std::string& kind, Metric metric,
                       const std::string& set = "");
// Of the paired differences kind - baseline, mask by mask. Throws Error where a kind was not evaluated.
Interval difference_interval(const EvaluateResult& result, const std::string& kind, const std::string& baseline,
                             Metric metric, const std::string& set = "");

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
//  "clicks": {"sam": {"miou": [after 1, 2, ...]}, ...}    where prompts are clicks, pooled
//  "seconds", "station_seconds": {"decode", "encoder", "decoder", "measure"}    of rank 0; the four overlap}
std::string results_json(const EvaluateResult& result, const EvaluateOptions& options, const std::string& checkpoint);
// samples.jsonl, a line per mask, percent: {"set", "file", "mask", "sam": {"iou", "biou", "biou_strict"}, ...}, and
// "clicks": [IoU after 1, 2, ...], "thin_iou", "hce" beside them where there are any
std::string samples_jsonl(const EvaluateResult& result);
// For the terminal: a row per set and their mean, then the pooled differences to SAM.
std::string results_table(const EvaluateResult& result);

}  // namespace hqsam
