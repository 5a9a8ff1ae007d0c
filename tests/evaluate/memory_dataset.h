// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "hqsam/core/error.h"
#include "hqsam/evaluate/evaluate.h"
#include "predict/tiny_model.h"

namespace hqsam::testing_support {

// Samples in memory that remembers which were asked for.
class MemoryDataset : public Dataset {
 public:
  explicit MemoryDataset(std::vector<Sample> samples) : samples_(std::move(samples)) {}
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  Sample get(int64_t index) const override {
    const std::lock_guard lock(mutex_);
    read_.insert(index);
    if (samples_[index].image.pixels.empty()) fail("MemoryDataset", "{} is broken", samples_[index].image_path);
    return samples_[index];
  }
  std::string path(int64_t index) const override { return samples_[index].image_path; }
  std::set<int64_t> read() const { return read_; }

 private:
  std::vector<Sample> samples_;
  mutable std::mutex mutex_;
  mutable std::set<int64_t> read_;
};

inline Sample sample_of(const std::string& name, Image image, std::vector<Label> labels) {
  return {"", name, "pictures/" + name + ".jpg", std::move(image), std::move(labels), 0};
}

// Pictures of several sizes with one ellipse each.
inline std::shared_ptr<MemoryDataset> ellipses(int64_t count, const std::string& stem = "p") {
  std::vector<Sample> samples;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t height = 40 + 7 * (i % 5), width = 90 - 9 * (i % 4);
    samples.push_back(sample_of(stem + std::to_string(i), waves(height, width, static_cast<int>(i)),
                                {ellipse(height, width, 40 - i, 20 + i, 18, 11 + i % 3)}));
  }
  return std::make_shared<MemoryDataset>(std::move(samples));
}

// A result as evaluate() would give it: one set with these scores of "sam" and "hq".
inline EvaluateResult result_of(const std::string& set, const std::vector<std::pair<double, double>>& sam_and_hq) {
  EvaluateResult result;
  result.sets.push_back({set, static_cast<int64_t>(sam_and_hq.size()), 0, {}});
  for (size_t i = 0; i < sam_and_hq.size(); ++i) {
    const auto [sam, hq] = sam_and_hq[i];
    result.samples.push_back({set,
                              "s" + std::to_string(i),
                              "pictures/s" + std::to_string(i) + ".jpg",
                              0,
                              {{MaskKind::kSam, {sam, sam / 2}}, {MaskKind::kHq, {hq, hq / 2}}}});
    const double share = 100.0 / static_cast<double>(sam_and_hq.size());
    result.sets[0].metrics[MaskKind::kSam]["miou"] += share * sam;
    result.sets[0].metrics[MaskKind::kSam]["mbiou"] += share * sam / 2;
    result.sets[0].metrics[MaskKind::kHq]["miou"] += share * hq;
    result.sets[0].metrics[MaskKind::kHq]["mbiou"] += share * hq / 2;
  }
  result.mean = result.sets[0].metrics;
  return result;
}

}  // namespace hqsam::testing_support
