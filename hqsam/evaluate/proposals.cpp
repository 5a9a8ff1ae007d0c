// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/proposals.h"

#include <spdlog/fmt/fmt.h>

#include <limits>

#include "hqsam/amg/generator.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/progress.h"
#include "hqsam/evaluate/runs.h"
#include "hqsam/image/image.h"

namespace hqsam {
namespace {

constexpr int64_t kMost = kProposalCounts[std::size(kProposalCounts) - 1];

// A picture's masks, whatever their category, and what nobody knows of it.
struct Truths {
  std::vector<ApTruth> masks;
  std::optional<BitMask> unknown;
  int64_t skipped = 0;  // without an inside
};

Truths truths_of(const Sample& sample, const EvaluateOptions& options) {
  Truths truths;
  if (!sample.unknown.pixels.empty()) truths.unknown = pack(threshold_label(sample.unknown));
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    const std::shared_ptr<const PackedMask> mask = sample.labels[i].packed();
    if (!mask->box) {
      ++truths.skipped;
      continue;
    }
    ApTruth truth;
    truth.banded = std::make_shared<const BandedMask>(mask, options.boundary_dilation, options.strict_dilation);
    if (i < sample.infos.size()) truth.crowd = sample.infos[i].crowd;
    if (i < sample.infos.size()) truth.area = sample.infos[i].area;
    truths.masks.push_back(truth);
  }
  return truths;
}

class PictureProposals {
 public:
  PictureProposals(SamHq& model, const EvaluateOptions& options) : options_(options) {
    ap_.max_detections = kMost;
    ap_.boundary = options.boundary_dilation;
    ap_.boundary_strict = options.strict_dilation;
    for (const MaskKind kind : options.masks) {
      AmgOptions amg = options.proposals;
      amg.masks = kind;
      generators_.emplace_back(kind, AutomaticMaskGenerator(model, amg));
    }
  }

  PictureResult of(const Sample& sample) const {
    PictureResult result;
    const Truths truths = truths_of(sample, options_);
    result.skipped = sample.skipped + truths.skipped;
    const ApMatcher matcher(truths.masks, ap_);
    for (const auto& [kind, generator] : generators_) {
      std::vector<ApRow> rows;
      for (const FoundMask& found : generator.generate(sample.image)) {
        if (std::ssize(rows) == kMost) break;  // best first
        auto known =
            std::make_shared<const PackedMask>(truths.unknown ? without(found.mask, *truths.unknown) : found.mask);
        const BandedMask banded(std::move(known), options_.boundary_dilation, options_.strict_dilation);
        rows.push_back(matcher.compare(banded, 0, static_cast<double>(kMost - std::ssize(rows))));
      }
      result.ap[kind] = matcher.conclude(rows);
    }
    return result;
  }

 private:
  const EvaluateOptions& options_;
  ApOptions ap_;
  std::vector<std::pair<MaskKind, AutomaticMaskGenerator>> generators_;
};

// Percent, under the names of the header.
std::map<std::string, double> recalls(const std::vector<PictureResult>& pictures, MaskKind kind) {
  std::map<std::string, double> metrics;
  const auto add = [&](const std::string& name, double value) {
    if (value >= 0) metrics[name] = value;
  };
  for (const int64_t count : kProposalCounts) {
    ApAccumulator all(count);
    for (size_t i = 0; i < pictures.size(); ++i) {
      if (const auto at = pictures[i].ap.find(kind); at != pictures[i].ap.end()) {
        all.add(static_cast<int64_t>(i), at->second);
      }
    }
    for (const auto& [form, prefix] : {std::pair{ApForm::kMask, "ar"}, std::pair{ApForm::kBoundary, "ar_b"}}) {
      const ApSummary summary = all.summary(form);
      add(fmt::format("{}{}", prefix, count), summary.ar);
      if (count < kMost) continue;
      add(fmt::format("{}_s", prefix), summary.ar_small);
      add(fmt::format("{}_m", prefix), summary.ar_medium);
      add(fmt::format("{}_l", prefix), summary.ar_large);
    }
  }
  if (metrics.empty()) return metrics;
  double found = 0, read = 0;
  for (const PictureResult& picture : pictures) {
    const auto at = picture.ap.find(kind);
    if (at == picture.ap.end()) continue;
    ++read;
    found += static_cast<double>(at->second.detections.size());
  }
  metrics["proposals"] = found / read;
  return metrics;
}

SetResult summarize_proposals(const std::string& name, const std::vector<PictureResult>& pictures,
                              const EvaluateOptions& options) {
  SetResult set{name, std::ssize(pictures), 0, {}};
  for (const PictureResult& picture : pictures) {
    if (!picture.unread.empty()) ++set.unread, --set.images;
    set.skipped += picture.skipped;
  }
  for (const MaskKind kind : options.masks) {
    if (auto metrics = recalls(pictures, kind); !metrics.empty()) set.metrics[kind] = std::move(metrics);
  }
  return set;
}

}  // namespace

EvaluateResult evaluate_proposals(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                                  Group& group) {
  const auto start = std::chrono::steady_clock::now();
  options.validate();
  if (!options.save_masks.empty()) fail("evaluate", "masks of proposals are not saved: hqsam amg writes them");
  check_run(model, sets, options, group);
  const PictureProposals proposals(model, options);
  const auto run = [&] {
    RankResults results;
    for (const NamedDataset& set : sets) {
      const std::vector<int64_t> own = own_pictures(*set.dataset, options.limit, group);
      std::optional<Progress> progress;
      if (group.is_main()) progress.emplace("evaluate " + set.name, std::ssize(own));
      std::vector<PictureResult>& pictures = results.emplace_back();
      for (const int64_t index : own) {
        std::string unread;
        const std::optional<Sample> sample = read_sample(*set.dataset, index, options.on_error, unread);
        pictures.push_back(sample ? proposals.of(*sample) : PictureResult{.samples = {}, .unread = unread});
        if (progress) progress->update(std::ssize(pictures));
      }
    }
    return results;
  };
  const RankResults pictures = merge_ranks(run, group);
  EvaluateResult result;
  for (size_t i = 0; i < sets.size(); ++i) {
    check_unread(sets[i].name, pictures[i], group.is_main());
    result.sets.push_back(summarize_proposals(sets[i].name, pictures[i], options));
    if (group.is_main()) warn_of_skipped(result.sets.back());
  }
  add_means(result);
  result.seconds = seconds_since(start);
  return result;
}

}  // namespace hqsam
