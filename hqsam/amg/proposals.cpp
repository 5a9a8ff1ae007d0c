// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/proposals.h"

#include <algorithm>

#include "hqsam/amg/suppress.h"
#include "hqsam/image/counts.h"

namespace hqsam {
namespace {

constexpr int64_t kSteps[] = {4, 2, 1};  // of the grid, in each round

// Of M x M logits, those that the crop covers; the rest of the square is padding.
class LowResCut {
 public:
  explicit LowResCut(const CropSession& crop) : side_(crop.mask_side) {
    const Size input = crop.session.frame().input_size;
    const auto covered = [&](int64_t length) { return (length * crop.mask_side + crop.side - 1) / crop.side; };
    rows_ = covered(input.height), columns_ = covered(input.width);
  }

  PackedMask mask(const float* logits) const {
    BitMask bits{{side_, side_}, (side_ + 63) / 64, {}};
    bits.words.resize(static_cast<size_t>(side_ * bits.words_per_row));
    std::vector<uint8_t> row(static_cast<size_t>(side_), 0);
    for (int64_t y = 0; y < rows_; ++y) {
      const float* from = logits + y * side_;
      for (int64_t x = 0; x < columns_; ++x) row[static_cast<size_t>(x)] = from[x] > 0;
      pack_row(row.data(), side_, bits.row(y));
    }
    return pack_tightly(bits);
  }

  StabilityCounts counts(const float* logits, double by) const {
    const auto offset = static_cast<float>(by);
    return {above(logits, offset), above(logits, -offset)};
  }

  int64_t area(const float* logits) const { return above(logits, 0); }

 private:
  int64_t above(const float* logits, float limit) const {
    int64_t count = 0;
    for (int64_t y = 0; y < rows_; ++y) count += count_above(logits + y * side_, columns_, limit);
    return count;
  }

  int64_t side_, rows_, columns_;
};

// The union of the smallest masks of earlier rounds' points.
class FoundParts {
 public:
  explicit FoundParts(const CropSession& crop)
      : crop_(crop), found_(static_cast<size_t>(crop.mask_side * crop.mask_side), 0) {}

  bool has(const Point& in_crop) const {
    const Point in_input = crop_.session.frame().to_input(in_crop);
    const double scale = static_cast<double>(crop_.mask_side) / static_cast<double>(crop_.side);
    const auto x = static_cast<int64_t>(in_input.x * scale), y = static_cast<int64_t>(in_input.y * scale);
    return found_[static_cast<size_t>(y * crop_.mask_side + x)] != 0;
  }

  void add(const PackedMask& mask) {
    unpack_into(mask, 1, pixels_);
    for (size_t i = 0; i < pixels_.size(); ++i) found_[i] |= pixels_[i];
  }

 private:
  const CropSession& crop_;
  std::vector<uint8_t> found_, pixels_;  // M x M
};

class Proposer {
 public:
  Proposer(CropSession& crop, const AmgOptions& options) : crop_(crop), options_(options), cut_(crop), found_(crop) {}

  // All decoder calls of a round come before the next round's points are chosen, so that their size does not matter.
  void ask(const std::vector<Point>& round) {
    std::vector<Prompt> prompts;
    std::vector<Point> points;
    for (const Point& point : round) {
      if (found_.has(point)) continue;
      points.push_back(point);
      prompts.push_back(crop_.prompt_of(point));
    }
    if (prompts.empty()) return;
    smallest_.assign(points.size(), {});
    const DecodeOptions decode{
        .kinds = {MaskKind::kSam}, .multimask = Multimask::kAll, .batch = options_.points_per_batch};
    crop_.session.decode(prompts, decode, [&](const Decoded& decoded) { take(decoded, points[decoded.prompt]); });
    for (const Smallest& smallest : smallest_) {
      if (smallest.proposal) found_.add(proposals_[*smallest.proposal].mask);
    }
  }

  std::vector<Proposal> best() {
    std::vector<const PackedMask*> masks;
    std::vector<double> scores;
    for (const Proposal& proposal : proposals_) {
      masks.push_back(&proposal.mask);
      scores.push_back(proposal.predicted_iou);
    }
    std::vector<Proposal> kept;
    for (const size_t i : suppress_masks(masks, scores, options_.nms_iou)) kept.push_back(std::move(proposals_[i]));
    return kept;
  }

 private:
  // Of a point's masks, so far.
  struct Smallest {
    int64_t area = std::numeric_limits<int64_t>::max();
    std::optional<size_t> proposal;  // where it stays
  };

  void take(const Decoded& decoded, const Point& point) {
    const torch::Tensor tensor = decoded.low_res.cpu().to(torch::kFloat32).contiguous();
    const float* logits = tensor.const_data_ptr<float>();
    const int64_t area = cut_.area(logits);
    if (area == 0) return;
    const std::optional<size_t> own = keep(decoded, logits, point);
    Smallest& smallest = smallest_[decoded.prompt];
    if (area < smallest.area) smallest = {area, own};
  }

  std::optional<size_t> keep(const Decoded& decoded, const float* logits, const Point& point) {
    const auto predicted_iou = static_cast<float>(decoded.score);
    if (!options_.passes_iou(predicted_iou)) return std::nullopt;
    const float stability = cut_.counts(logits, options_.stability_offset).stability();
    if (!options_.passes_stability(stability)) return std::nullopt;
    proposals_.push_back({point, predicted_iou, stability, window_of(logits, crop_.mask_side, 0), cut_.mask(logits)});
    return proposals_.size() - 1;
  }

  CropSession& crop_;
  const AmgOptions& options_;
  LowResCut cut_;
  FoundParts found_;
  std::vector<Proposal> proposals_;
  std::vector<Smallest> smallest_;  // of the round's points
};

}  // namespace

int64_t round_of(int64_t row, int64_t column) {
  int64_t round = 0;
  for (const int64_t step : kSteps) {
    if (row % step == 1 % step && column % step == 1 % step) break;
    ++round;
  }
  return round;
}

std::vector<GridPoint> grid_over(const Crop& crop, int64_t points_per_side) {
  const Size size = crop.size();
  std::vector<GridPoint> points;
  for (const Point& share : point_grid(points_per_side)) {
    const int64_t number = std::ssize(points);
    points.push_back({{share.x * static_cast<double>(size.width), share.y * static_cast<double>(size.height)},
                      round_of(number / points_per_side, number % points_per_side)});
  }
  return points;
}

std::vector<Proposal> proposals_of(CropSession& crop, std::span<const GridPoint> points, const AmgOptions& options) {
  Proposer proposer(crop, options);
  for (int64_t round = 0; round < std::ssize(kSteps); ++round) {
    std::vector<Point> own;
    for (const GridPoint& point : points) {
      if (point.round == round) own.push_back(point.in_crop);
    }
    proposer.ask(own);
  }
  return proposer.best();
}

}  // namespace hqsam
