// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hqsam/metrics/iou.h"

namespace hqsam {

// Average precision by COCO's protocol (Lin et al., ECCV 2014; pycocotools' COCOeval), of masks and of boundaries.
// The overlap of a boundary form is the smaller of mask IoU and boundary IoU, as in the boundary IoU API of
// Cheng et al., CVPR 2021. Against a crowd region an overlap is the share of the prediction that lies within.

enum class ApForm { kMask, kBoundary, kStrict };  // strict: the band of boundary_strict
inline constexpr size_t kApForms = 3, kApAreas = 4, kApThresholds = 10;
// IoU 0.50, 0.55, ..., 0.95
std::array<double, kApThresholds> ap_thresholds();

struct ApOptions {
  int64_t max_detections = 100;                    // of a category in a picture, best first
  int64_t max_detections_in_picture = 0;           // over all categories, LVIS's rule (300 there); 0 = no limit
  double boundary = 0.02, boundary_strict = 0.01;  // of the diagonal
  void validate() const;                           // throws Error naming the field
};

struct ApTruth {
  const Mask* mask = nullptr;  // looked at by the matcher's constructor alone
  int64_t category = 0;
  bool crowd = false;
  double area = -1;    // pixels, as the data set states it; negative: counted
  char frequency = 0;  // of the category in LVIS's training pictures: 'r', 'c' or 'f'; 0 where not stated
  std::shared_ptr<const BandedMask> banded = nullptr;  // in place of `mask`; with the bands of the matcher's options
};

struct ApPrediction {
  const Mask* mask = nullptr;
  int64_t category = 0;
  double score = 0;
};

// What a picture's annotators say of categories without masks. LVIS marks, for each picture, categories that are
// not in it, and those of which not every object has a mask; predictions of all other categories do not count,
// nor do those without an inside.
struct ApFederation {
  bool federated = false;
  std::set<int64_t> negative, not_exhaustive;
};

// A prediction against its picture's truths. Bit t of an entry [form][area] is about threshold t: does it match a
// truth, and does it not count (its truth is a crowd or of another area range, or it matches none and is itself).
struct ApDetection {
  int64_t category = 0;
  double score = 0;
  int64_t rank = 0;  // in its picture and category, best first
  using Bits = std::array<std::array<uint16_t, kApAreas>, kApForms>;
  Bits matched = {}, ignored = {};
};

// All that a picture adds to the averages.
struct ApPicture {
  std::map<int64_t, std::array<int64_t, kApAreas>> truths;  // category -> how many count in each area range
  std::vector<ApDetection> detections;
  std::map<int64_t, char> frequencies = {};  // of the truths' categories, where stated
};

// All that is needed of a prediction once its mask has been compared with the truths.
struct ApRow {
  int64_t category = 0;
  double score = 0;
  int64_t area = 0;                                         // pixels
  std::array<std::vector<double>, kApForms> overlaps = {};  // with the truths of its category, in their order
};

// Matches predictions of one picture to its truths. Masks must have one size.
class ApMatcher {
 public:
  ApMatcher(const std::vector<ApTruth>& truths, const ApOptions& options, ApFederation federation = {});
  // Compares one prediction, whose mask is then needed no more; safe to call from several threads. The mask's bands
  // are those of the options.
  ApRow compare(const BandedMask& mask, int64_t category, double score) const;
  ApPicture conclude(const std::vector<ApRow>& predictions) const;
  ApPicture match(const std::vector<ApPrediction>& predictions) const;  // both at once

 private:
  std::vector<size_t> columns(int64_t category) const;  // truths
  std::map<int64_t, std::vector<size_t>> ranked(const std::vector<ApRow>& predictions) const;
  void settle(const std::vector<ApRow>& predictions, int64_t category, const std::vector<size_t>& rows,
              std::span<ApDetection> detections) const;

  ApOptions options_;
  ApFederation federation_;
  std::vector<ApTruth> truths_;
};

// Percent; negative (-1) where no truth counts.
struct ApSummary {
  double ap = -1, ap50 = -1, ap75 = -1;                   // over thresholds 0.50..0.95, at 0.50, at 0.75
  double ap_small = -1, ap_medium = -1, ap_large = -1;    // truths below 32^2, to 96^2, above
  double ap_rare = -1, ap_common = -1, ap_frequent = -1;  // over the categories of these frequencies
  double ar1 = -1, ar10 = -1, ar = -1;                    // recall with the best 1, 10, max_detections
  double ar_small = -1, ar_medium = -1, ar_large = -1;
};

// Pictures of a data set, added in any order and on any rank: a summary depends on the pictures and their
// numbers alone, to the bit.
class ApAccumulator {
 public:
  explicit ApAccumulator(int64_t max_detections = 100) : max_detections_(max_detections) {}
  void add(int64_t picture_number, ApPicture picture);  // throws Error where the number is there already
  void merge(const ApAccumulator& other);
  ApSummary summary(ApForm form) const;

  const std::map<int64_t, ApPicture>& pictures() const { return pictures_; }
  std::string bytes() const;                                  // for other ranks
  static ApAccumulator from_bytes(const std::string& bytes);  // throws Error on what bytes() did not write

 private:
  int64_t max_detections_;
  std::map<int64_t, ApPicture> pictures_;
};

// The summaries under the names of results.json: ap, ap50, ap75, ap_s, ap_m, ap_l, ar1, ar10, ar, ar_s, ar_m,
// ar_l, and where frequencies are stated ap_r, ap_c, ap_f; ap_b, ap_b50, ... of boundaries; ap_b_strict,
// ap_b50_strict, ... of strict ones. Those of no truth are left out.
std::map<std::string, double> ap_metrics(const ApAccumulator& accumulator);

}  // namespace hqsam
