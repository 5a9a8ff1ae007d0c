// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <numeric>

#include "hqsam/report/panels.h"

namespace hqsam {
namespace {

// Takes samples that no gallery has yet.
class Chooser {
 public:
  explicit Chooser(size_t samples) : taken_(samples, false) {}

  size_t left() const { return static_cast<size_t>(std::count(taken_.begin(), taken_.end(), false)); }

  // Up to count samples for which accept is true, by falling value.
  std::vector<size_t> take(size_t count, const std::vector<double>& values, const std::function<bool(double)>& accept) {
    std::vector<size_t> order(values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });
    std::vector<size_t> chosen;
    for (const size_t i : order) {
      if (chosen.size() == count) break;
      if (taken_[i] || !accept(values[i])) continue;
      taken_[i] = true;
      chosen.push_back(i);
    }
    return chosen;
  }

 private:
  std::vector<bool> taken_;
};

std::vector<double> negated(std::vector<double> values) {
  std::transform(values.begin(), values.end(), values.begin(), std::negate<>());
  return values;
}

}  // namespace

std::vector<Gallery> choose_galleries(const EvaluateResult& result, int64_t count) {
  const MaskKind kind = leading_kind(result);
  const std::string label = kind_label(kind);
  const bool paired = kind != MaskKind::kSam && result.mean.count(MaskKind::kSam);
  std::vector<double> scores, gains;
  for (const SampleResult& sample : result.samples) {
    scores.push_back(sample.scores.at(kind).boundary_iou);
    if (paired) gains.push_back(scores.back() - sample.scores.at(MaskKind::kSam).boundary_iou);
  }

  const auto each = static_cast<size_t>(std::max<int64_t>(count, 0));
  Chooser chooser(scores.size());
  std::vector<Gallery> galleries;
  if (paired) {
    const auto positive = [](double change) { return change > 0; };
    const std::string by = "boundary IoU of " + label + " minus SAM's.";
    galleries.push_back({"Most gained", "Largest " + by, chooser.take(each, gains, positive)});
    galleries.push_back({"Most lost", "Smallest " + by, chooser.take(each, negated(gains), positive)});
  }
  // With few samples the two ends share what is left.
  const auto any = [](double) { return true; };
  const std::string others = paired ? " of the samples not yet shown." : ".";
  const size_t of_best = std::min(each, (chooser.left() + 1) / 2);
  galleries.push_back({"Best", "Highest boundary IoU of " + label + others, chooser.take(of_best, scores, any)});
  galleries.push_back({"Worst", "Lowest boundary IoU of " + label + others, chooser.take(each, negated(scores), any)});
  std::erase_if(galleries, [](const Gallery& gallery) { return gallery.samples.empty(); });
  return galleries;
}

}  // namespace hqsam
