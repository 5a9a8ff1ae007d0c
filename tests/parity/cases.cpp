// SPDX-License-Identifier: Apache-2.0
// hqsam's side of the comparisons with pycocotools and with the reference's metrics: parity_cases <what> reads JSON
// on the standard input and answers on the standard output.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"
#include "hqsam/mask/morphology.h"
#include "hqsam/mask/polygon.h"
#include "hqsam/mask/segmentation.h"
#include "hqsam/metrics/average_precision.h"
#include "hqsam/metrics/fine_structure.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

using nlohmann::json;

Size size_of(const json& list) { return {list.at(0).get<int64_t>(), list.at(1).get<int64_t>()}; }

// [{"size", "segmentation"}] -> [{"compressed", "plain", "again", "area"}]: what was read, written in both forms, and
// the compressed form after a way through pixels.
json segmentations(const json& cases) {
  json answers = json::array();
  for (const json& one : cases) {
    const Rle rle = rle_from_json(one.at("segmentation"), size_of(one.at("size")));
    answers.push_back({{"compressed", rle_to_json(rle).at("counts")},
                       {"plain", rle_to_json(rle, false).at("counts")},
                       {"again", rle_to_string(rle_encode(rle_decode(rle)))},
                       {"area", rle_area(rle)}});
  }
  return answers;
}

Mask mask_of(const json& segmentation) {
  return rle_decode(rle_from_json(segmentation, size_of(segmentation.at("size"))));
}

std::set<int64_t> ids(const json& picture, const char* key) { return picture.value(key, std::set<int64_t>()); }

// A picture with "negative" categories is LVIS's.
ApPicture match(const json& picture, const ApOptions& options) {
  std::vector<Mask> masks;
  const json &truths = picture.at("truths"), &predictions = picture.at("predictions");
  for (const json& truth : truths) masks.push_back(mask_of(truth.at("segmentation")));
  for (const json& prediction : predictions) masks.push_back(mask_of(prediction.at("segmentation")));
  std::vector<ApTruth> truth_list;
  std::vector<ApPrediction> prediction_list;
  for (const json& truth : truths) {
    truth_list.push_back({&masks[truth_list.size()], truth.at("category_id").get<int64_t>(),
                          truth.at("iscrowd").get<int>() != 0, truth.at("area").get<double>(),
                          truth.value("frequency", std::string(1, '\0')).front()});
  }
  for (const json& prediction : predictions) {
    prediction_list.push_back({&masks[truths.size() + prediction_list.size()],
                               prediction.at("category_id").get<int64_t>(), prediction.at("score").get<double>()});
  }
  const ApFederation federation{picture.contains("negative"), ids(picture, "negative"), ids(picture, "not_exhaustive")};
  return ApMatcher(truth_list, options, federation).match(prediction_list);
}

// {"pictures": [{"truths", "predictions"}]}, where wanted with "max_detections" and "max_detections_in_picture" -> the
// names and values of ap_metrics. Pictures go to three accumulators, as if on three ranks.
json average_precision(const json& input) {
  const ApOptions options{.max_detections = input.value("max_detections", int64_t{100}),
                          .max_detections_in_picture = input.value("max_detections_in_picture", int64_t{0})};
  std::vector<ApAccumulator> ranks(3, ApAccumulator(options.max_detections));
  int64_t number = 0;
  for (const json& picture : input.at("pictures")) {
    ranks[static_cast<size_t>(number) % ranks.size()].add(number, match(picture, options));
    ++number;
  }
  ApAccumulator whole = ApAccumulator::from_bytes(ranks[2].bytes());
  whole.merge(ranks[0]);
  whole.merge(ranks[1]);
  return ap_metrics(whole);
}

// {"pairs": [[prediction, truth]]} as RLE -> [{"points", "regions", "skeleton" of the truth}]
json correction_efforts(const json& input) {
  json answers = json::array();
  for (const json& pair : input.at("pairs")) {
    const Mask prediction = mask_of(pair.at(0)), truth = mask_of(pair.at(1));
    const CorrectionEfforts efforts = human_correction_efforts(prediction, truth);
    answers.push_back({{"points", efforts.points},
                       {"regions", efforts.regions},
                       {"skeleton", rle_to_json(rle_encode(skeleton(truth)))}});
  }
  return answers;
}

// The median of `repeats` calls, in milliseconds.
template <class Call>
double median_ms(int64_t repeats, const Call& call) {
  std::vector<double> times;
  for (int64_t i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

// {"pairs": [[RLE, RLE]], "repeats"} -> [{"iou", "boundary_iou", "both" in ms, "values"}]
json times(const json& input) {
  const auto repeats = input.at("repeats").get<int64_t>();
  json answers = json::array();
  for (const json& pair : input.at("pairs")) {
    const Mask a = mask_of(pair.at(0)), b = mask_of(pair.at(1));
    double sum = 0;  // the calls' results are used
    json answer;
    answer["iou"] = median_ms(repeats, [&] { sum += mask_iou(a, b); });
    answer["boundary_iou"] = median_ms(repeats, [&] { sum += boundary_iou(a, b); });
    answer["all_three"] = median_ms(repeats, [&] { sum += pair_scores(a, b).strict_boundary_iou; });
    answer["values"] = {mask_iou(a, b), boundary_iou(a, b)};
    answer["sum"] = sum;
    answers.push_back(std::move(answer));
  }
  return answers;
}

int run(int argc, char** argv) {
  const std::string what = argc == 2 ? argv[1] : "";
  const json input = json::parse(std::cin);
  if (what == "segmentations") {
    std::cout << segmentations(input);
  } else if (what == "average_precision") {
    std::cout << average_precision(input);
  } else if (what == "correction_efforts") {
    std::cout << correction_efforts(input);
  } else if (what == "times") {
    std::cout << times(input);
  } else {
    fail("parity_cases", "usage: parity_cases segmentations|average_precision|correction_efforts|times");
  }
  return 0;
}

}  // namespace
}  // namespace hqsam

int main(int argc, char** argv) {
  try {
    return hqsam::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
