// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/average_precision.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr size_t kRecallPoints = 101;

// One category's detections over all pictures, best first.
struct Category {
  std::vector<const ApDetection*> detections;
  std::array<int64_t, kApAreas> truths = {};
  char frequency = 0;
};

std::map<int64_t, Category> by_category(const std::map<int64_t, ApPicture>& pictures) {
  std::map<int64_t, Category> categories;
  for (const auto& [number, picture] : pictures) {
    for (const auto& [category, counts] : picture.truths) {
      for (size_t range = 0; range < kApAreas; ++range) categories[category].truths[range] += counts[range];
    }
    for (const auto& [category, frequency] : picture.frequencies) categories[category].frequency = frequency;
    for (const ApDetection& detection : picture.detections) {
      categories[detection.category].detections.push_back(&detection);
    }
  }
  for (auto& [number, category] : categories) {
    std::stable_sort(category.detections.begin(), category.detections.end(),
                     [](const ApDetection* a, const ApDetection* b) { return a->score > b->score; });
  }
  return categories;
}

// One category's curve at one threshold.
struct Curve {
  double recall = 0;     // with all detections
  double precision = 0;  // mean over 101 points of recall, each the best precision at that recall or above
};

Curve curve_of(const Category& category, size_t form, size_t range, size_t threshold, int64_t max_detections) {
  std::vector<double> recalls, precisions;
  const auto truths = static_cast<double>(category.truths[range]);
  int64_t hits = 0, misses = 0;
  for (const ApDetection* detection : category.detections) {
    if (detection->rank >= max_detections) continue;
    const bool ignored = (detection->ignored[form][range] >> threshold) & 1;
    const bool matched = (detection->matched[form][range] >> threshold) & 1;
    hits += matched && !ignored;
    misses += !matched && !ignored;
    recalls.push_back(static_cast<double>(hits) / truths);
    precisions.push_back(static_cast<double>(hits) /
                         (static_cast<double>(hits + misses) + std::numeric_limits<double>::epsilon()));
  }
  if (recalls.empty()) return {};
  for (size_t i = precisions.size() - 1; i > 0; --i) precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  Curve curve{recalls.back(), 0};
  size_t at = 0;
  for (size_t point = 0; point < kRecallPoints; ++point) {
    const double recall = point + 1 == kRecallPoints ? 1.0 : static_cast<double>(point) * 0.01;
    while (at < recalls.size() && recalls[at] < recall) ++at;
    if (at == recalls.size()) break;
    curve.precision += precisions[at];
  }
  curve.precision /= kRecallPoints;
  return curve;
}

// Means over thresholds and over the categories that have truths; percent, -1 where there is none.
class Averages {
 public:
  Averages(const std::map<int64_t, Category>& categories, size_t form) : categories_(categories), form_(form) {}

  double precision(size_t range, int64_t max_detections, size_t first = 0, size_t end = kApThresholds) const {
    return mean(range, max_detections, first, end, &Curve::precision);
  }
  double precision_of(char frequency, int64_t max_detections) const {
    return mean(0, max_detections, 0, kApThresholds, &Curve::precision, frequency);
  }
  double recall(size_t range, int64_t max_detections) const {
    return mean(range, max_detections, 0, kApThresholds, &Curve::recall);
  }

 private:
  // frequency: of the categories that count; 0 = all.
  double mean(size_t range, int64_t max_detections, size_t first, size_t end, double Curve::*value,
              char frequency = 0) const {
    double sum = 0;
    int64_t count = 0;
    for (const auto& [number, category] : categories_) {
      if (category.truths[range] == 0 || (frequency != 0 && category.frequency != frequency)) continue;
      for (size_t t = first; t < end; ++t) sum += curve_of(category, form_, range, t, max_detections).*value, ++count;
    }
    return count == 0 ? -1 : 100 * sum / static_cast<double>(count);
  }

  const std::map<int64_t, Category>& categories_;
  size_t form_;
};

json to_json(const ApDetection& detection) {
  return {detection.category, detection.score, detection.rank, detection.matched, detection.ignored};
}

json to_json(const ApPicture& picture) {
  json truths = json::array(), detections = json::array();
  for (const auto& [category, counts] : picture.truths) truths.push_back({category, counts});
  for (const ApDetection& detection : picture.detections) detections.push_back(to_json(detection));
  json frequencies = json::array();
  for (const auto& [category, frequency] : picture.frequencies) frequencies.push_back({category, int{frequency}});
  return {truths, detections, frequencies};
}

ApPicture picture_of(const json& array) {
  ApPicture picture;
  for (const json& row : array.at(0)) {
    picture.truths[row.at(0).get<int64_t>()] = row.at(1).get<std::array<int64_t, kApAreas>>();
  }
  for (const json& row : array.at(1)) {
    picture.detections.push_back({row.at(0).get<int64_t>(), row.at(1).get<double>(), row.at(2).get<int64_t>(),
                                  row.at(3).get<ApDetection::Bits>(), row.at(4).get<ApDetection::Bits>()});
  }
  for (const json& row : array.at(2)) {
    picture.frequencies[row.at(0).get<int64_t>()] = static_cast<char>(row.at(1).get<int>());
  }
  return picture;
}

}  // namespace

void ApAccumulator::add(int64_t picture_number, ApPicture picture) {
  if (!pictures_.emplace(picture_number, std::move(picture)).second) {
    fail("ApAccumulator", "picture {} was added before", picture_number);
  }
}

void ApAccumulator::merge(const ApAccumulator& other) {
  for (const auto& [number, picture] : other.pictures_) add(number, picture);
}

ApSummary ApAccumulator::summary(ApForm form) const {
  const auto categories = by_category(pictures_);
  const Averages averages(categories, static_cast<size_t>(form));
  const int64_t all = max_detections_;
  return {.ap = averages.precision(0, all),
          .ap50 = averages.precision(0, all, 0, 1),
          .ap75 = averages.precision(0, all, 5, 6),
          .ap_small = averages.precision(1, all),
          .ap_medium = averages.precision(2, all),
          .ap_large = averages.precision(3, all),
          .ap_rare = averages.precision_of('r', all),
          .ap_common = averages.precision_of('c', all),
          .ap_frequent = averages.precision_of('f', all),
          .ar1 = averages.recall(0, 1),
          .ar10 = averages.recall(0, 10),
          .ar = averages.recall(0, all),
          .ar_small = averages.recall(1, all),
          .ar_medium = averages.recall(2, all),
          .ar_large = averages.recall(3, all)};
}

std::string ApAccumulator::bytes() const {
  json pictures = json::array();
  for (const auto& [number, picture] : pictures_) pictures.push_back({number, to_json(picture)});
  std::string bytes;
  json::to_msgpack({max_detections_, pictures}, bytes);
  return bytes;
}

ApAccumulator ApAccumulator::from_bytes(const std::string& bytes) {
  try {
    const json read = json::from_msgpack(bytes);
    ApAccumulator accumulator(read.at(0).get<int64_t>());
    for (const json& row : read.at(1)) accumulator.add(row.at(0).get<int64_t>(), picture_of(row.at(1)));
    return accumulator;
  } catch (const json::exception& error) {
    fail("ApAccumulator::from_bytes", "these bytes are not of an accumulator: {}", error.what());
  }
}

std::map<std::string, double> ap_metrics(const ApAccumulator& accumulator) {
  std::map<std::string, double> metrics;
  const auto put = [&](const std::string& name, double value) {
    if (value >= 0) metrics[name] = value;
  };
  const std::pair<ApForm, std::pair<std::string, std::string>> forms[] = {
      {ApForm::kMask, {"", ""}}, {ApForm::kBoundary, {"_b", ""}}, {ApForm::kStrict, {"_b", "_strict"}}};
  for (const auto& [form, affixes] : forms) {
    const ApSummary summary = accumulator.summary(form);
    const std::string ap = "ap" + affixes.first, ar = "ar" + affixes.first, &end = affixes.second;
    put(ap + end, summary.ap), put(ap + "50" + end, summary.ap50), put(ap + "75" + end, summary.ap75);
    put(ap + "_s" + end, summary.ap_small), put(ap + "_m" + end, summary.ap_medium);
    put(ap + "_l" + end, summary.ap_large);
    put(ap + "_r" + end, summary.ap_rare), put(ap + "_c" + end, summary.ap_common);
    put(ap + "_f" + end, summary.ap_frequent);
    put(ar + "1" + end, summary.ar1), put(ar + "10" + end, summary.ar10), put(ar + end, summary.ar);
    put(ar + "_s" + end, summary.ar_small), put(ar + "_m" + end, summary.ar_medium);
    put(ar + "_l" + end, summary.ar_large);
  }
  return metrics;
}

}  // namespace hqsam
