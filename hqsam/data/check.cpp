// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/check.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/parallel.h"
#include "hqsam/image/counts.h"

namespace hqsam {
namespace {

// One sample's part of the report.
struct SampleReport {
  Size size;
  std::vector<double> inside_shares;
  std::vector<FileProblem> problems;
  PictureNotes notes;
  bool turned = false, unknown = false;
};

void check_mask(const Label& label, const std::string& path, const std::string& which, int64_t tiny,
                SampleReport& report) {
  const int64_t inside = label.area();
  const Image* soft = label.soft();
  const int64_t above_zero =
      soft == nullptr ? inside : count_above(soft->pixels.data(), std::ssize(soft->pixels), uint8_t{0});
  const int64_t pixels = label.size().height * label.size().width;
  report.inside_shares.push_back(pixels > 0 ? static_cast<double>(inside) / static_cast<double>(pixels) : 0);
  const auto add = [&](Problem problem, const std::string& message) {
    report.problems.push_back({problem, path, which + message});
  };
  if (above_zero == 0) {
    add(Problem::kEmpty, "is empty");
  } else if (inside == 0) {
    add(Problem::kFaint, fmt::format("has {} pixels above 0 but none above 128", above_zero));
  } else if (inside == pixels) {
    add(Problem::kAllInside, "covers the whole picture");
  } else if (inside < tiny) {
    add(Problem::kTiny, fmt::format("has {} pixels inside", inside));
  }
}

SampleReport check_sample(const Dataset& dataset, int64_t index, int64_t tiny) {
  SampleReport report;
  const std::string path = dataset.path(index);
  try {
    const Sample sample = dataset.get(index);
    report.size = sample.image.size();
    report.notes = sample.notes;
    report.turned = sample.turned;
    report.unknown = !sample.unknown.pixels.empty();
    // In a set with categories a picture without objects is valid.
    if (sample.labels.empty() && !sample.annotated) report.problems.push_back({Problem::kNoMask, path, "no mask"});
    for (size_t i = 0; i < sample.labels.size(); ++i) {
      const std::string which = sample.labels.size() == 1 ? "the mask " : fmt::format("mask {} ", i);
      check_mask(sample.labels[i], path, which, tiny, report);
    }
    if (sample.skipped > 0) {
      report.problems.push_back(
          {Problem::kLeftOut, path, fmt::format("{} masks or boxes are unusable", sample.skipped)});
    }
    if (sample.zero_one_labels > 0) {
      report.problems.push_back({Problem::kZeroOne, path, "holds 0 and 1, read as 0 and 255"});
    }
  } catch (const std::exception& error) {
    report = {};
    report.problems.push_back({Problem::kError, path, error.what()});
  }
  return report;
}

void add_reading(const SampleReport& sample, CheckReport& report) {
  CheckReport::Reading& reading = report.reading;
  reading.upright += sample.notes.orientation != 1;
  reading.turned += sample.turned;
  reading.stretched += sample.notes.stretched;
  reading.bands += sample.notes.bands > 3;
  reading.warned += !sample.notes.warning.empty();
  reading.unknown += sample.unknown;
  if (report.warning.empty()) report.warning = sample.notes.warning;
}

CheckReport merge(std::vector<SampleReport> samples) {
  CheckReport report;
  report.samples = static_cast<int64_t>(samples.size());
  std::vector<Size> sizes;
  double share_sum = 0;
  for (SampleReport& sample : samples) {
    add_reading(sample, report);
    if (sample.size.height > 0) sizes.push_back(sample.size);
    for (double share : sample.inside_shares) share_sum += share;
    report.masks += static_cast<int64_t>(sample.inside_shares.size());
    for (FileProblem& problem : sample.problems) {
      ++report.counts[static_cast<size_t>(problem.problem)];
      report.problems.push_back(std::move(problem));
    }
  }
  if (!sizes.empty()) {
    std::stable_sort(sizes.begin(), sizes.end(),
                     [](const Size& a, const Size& b) { return a.height * a.width < b.height * b.width; });
    report.smallest = sizes.front();
    report.median = sizes[sizes.size() / 2];
    report.largest = sizes.back();
  }
  if (report.masks > 0) report.mean_inside_share = share_sum / static_cast<double>(report.masks);
  return report;
}

}  // namespace

std::string_view problem_name(Problem problem) {
  static constexpr std::array<std::string_view, kProblems> kNames = {
      "error", "no mask", "empty mask", "faint mask", "tiny mask", "all inside", "0/1 mask", "left out"};
  return kNames[static_cast<size_t>(problem)];
}

bool is_note(Problem problem) { return problem == Problem::kZeroOne || problem == Problem::kLeftOut; }

std::string describe(const CheckReport& report) {
  const CheckReport::Reading& reading = report.reading;
  std::string text;
  const auto add = [&](int64_t count, const std::string& what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(reading.upright, "with an EXIF orientation");
  add(reading.turned, "with masks of the stored frame, turned with them");
  add(reading.stretched, "stretched to 8 bits");
  add(reading.bands, "with more than three bands");
  add(reading.warned, "read in spite of a warning (" + report.warning + ")");
  add(reading.unknown, "with unknown pixels");
  return text;
}

void CheckOptions::validate() const {
  if (tiny < 0) fail("CheckOptions", "tiny must be at least 0, got {}", tiny);
  if (workers < 1 || workers > 1024) fail("CheckOptions", "workers must be in 1..1024, got {}", workers);
}

CheckReport check_dataset(const Dataset& dataset, const CheckOptions& options) {
  options.validate();
  std::vector<SampleReport> samples(dataset.size());
  parallel_for("check", dataset.size(), options.workers,
               [&](int64_t index) { samples[index] = check_sample(dataset, index, options.tiny); });
  return merge(std::move(samples));
}

}  // namespace hqsam
