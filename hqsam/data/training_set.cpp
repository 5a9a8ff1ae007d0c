// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/training_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/random.h"
#include "hqsam/core/text.h"
#include "hqsam/data/set_options.h"
#include "hqsam/image/counts.h"
#include "hqsam/image/spare.h"

namespace hqsam {
namespace {

constexpr int kJitterDraws = 1 + 10;  // the first and ten more
constexpr float kInside = 128;
constexpr int64_t kMostRows = 200'000'000;  // of an epoch; the order takes 8 bytes for each

// 24 random bits: a float32 in [0, 1) that never rounds up to 1.
float uniform_float(RandomStream& stream) { return static_cast<float>(stream.next() >> 40) * 0x1.0p-24f; }

// count of the numbers 0..n-1, by the first steps of a Fisher-Yates shuffle.
std::vector<int64_t> random_subset(int64_t n, int64_t count, RandomStream& stream) {
  std::vector<int64_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (int64_t i = 0; i < count; ++i) std::swap(numbers[i], numbers[i + stream.below(n - i)]);
  numbers.resize(count);
  return numbers;
}

struct JitteredLabel {
  CropResize how;
  torch::Tensor values;  // [1,S,S] float
};

// Draws until the crop holds some of the mask; see TrainingSet::row.
JitteredLabel jitter_label(const Image& label, bool flip, const RowOptions& options, RandomStream& stream) {
  const bool empty = !any_above(label.pixels.data(), std::ssize(label.pixels), uint8_t{128});
  JitteredLabel result;
  result.values = torch::empty({1, options.image_size, options.image_size},
                               torch::TensorOptions(torch::kFloat32).pinned_memory(options.pinned));
  float* values = result.values.data_ptr<float>();
  for (int draw = 0; draw < kJitterDraws; ++draw) {
    const float uniform = uniform_float(stream);
    result.how = large_scale_jitter(label.size(), options.image_size, options.augment, uniform, stream);
    result.how.flip = flip;
    crop_resize_label(label, result.how, values);
    if (empty || any_above(values, result.values.numel(), kInside)) return result;
  }
  result.how = letterbox(label.size(), options.image_size);
  result.how.flip = flip;
  crop_resize_label(label, result.how, values);
  return result;
}

// [3,S,S].
torch::Tensor jitter_picture(const Image& picture, const CropResize& how, bool pinned) {
  const auto options = torch::TensorOptions(torch::kUInt8).pinned_memory(pinned);
  torch::Tensor planes = torch::empty({3, how.side, how.side}, options);
  crop_resize(picture, how, kJitterPadding, planes.data_ptr<uint8_t>());
  return planes;
}

// Indices of the masks that a row can use.
std::vector<int64_t> usable_masks(const std::vector<MaskBrief>& masks, double min_area) {
  std::vector<int64_t> usable, empty;
  for (size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].crowd) continue;
    const bool large = masks[i].area > 0 && static_cast<double>(masks[i].area) >= min_area;
    if (large) usable.push_back(static_cast<int64_t>(i));
    if (masks[i].area == 0 && min_area == 0) empty.push_back(static_cast<int64_t>(i));
  }
  return usable.empty() ? empty : usable;
}

// 1 where the label counts, in the row's frame.
torch::Tensor known_pixels(const Image& unknown, const CropResize& how) {
  const std::vector<float> values = crop_resize_label(unknown, how);
  torch::Tensor known = torch::empty({1, how.side, how.side}, torch::kFloat32);
  std::transform(values.begin(), values.end(), known.data_ptr<float>(),
                 [](float value) { return value > 0 ? 0.f : 1.f; });
  return known;
}

void check_sample(const Sample& sample) {
  if (sample.image.channels != 3 || sample.image.pixels.empty()) {
    fail("TrainingSet::row", "{}: expected an RGB picture, got {} channels of {}x{}", sample.image_path,
         sample.image.channels, sample.image.width, sample.image.height);
  }
  for (const Label& label : sample.labels) {
    if (label.size() != sample.image.size() || label.channels() != 1) {
      fail("TrainingSet::row", "{} is {}x{} but a mask of it is {}x{} with {} channels", sample.image_path,
           sample.image.width, sample.image.height, label.size().width, label.size().height, label.channels());
    }
  }
}

}  // namespace

void RowOptions::validate() const {
  require_within("RowOptions", "image_size", image_size, kLeastImageSize, kGreatestImageSize);
  if (image_size % 4 != 0) fail("RowOptions", "image_size must be a multiple of 4, got {}", image_size);
  augment.validate();
  if (prompts.empty()) fail("RowOptions", "at least one kind of prompt is needed");
  for (const PromptOptions& prompt : prompts) prompt.validate();
}

TrainingSet::TrainingSet(std::vector<WeightedSet> sets, RowOptions options)
    : sets_(std::move(sets)), options_(std::move(options)) {
  options_.validate();
  if (sets_.empty()) fail("TrainingSet", "at least one data set is needed");
  for (size_t i = 0; i < sets_.size(); ++i) {
    if (!sets_[i].dataset || sets_[i].dataset->size() < 1) fail("TrainingSet", "data set {} is empty", i);
    require_within("TrainingSet", "weight", sets_[i].weight, kLeastWeight, kGreatestWeight,
                   fmt::format(" (data set {})", i));
  }
  count_units();
  if (size() < 1) fail("TrainingSet", "the weights leave no row in an epoch; raise them");
  if (size() > kMostRows) {
    fail("TrainingSet", "an epoch would have {} rows, more than {}: lower the sets' weight or per_picture", size(),
         kMostRows);
  }
}

void TrainingSet::count_units() {
  first_units_.resize(sets_.size());
  for (size_t i = 0; i < sets_.size(); ++i) {
    const WeightedSet& set = sets_[i];
    if (set.per_picture == 1) continue;
    std::vector<int64_t> counts(static_cast<size_t>(set.dataset->size()), set.per_picture);
    if (set.per_picture == 0) {
      parallel_for("count masks", set.dataset->size(), set.workers, [&](int64_t picture) {
        counts[static_cast<size_t>(picture)] = std::ssize(usable_masks(set.dataset->masks_of(picture), set.min_area));
      });
    }
    first_units_[i].push_back(0);
    for (const int64_t count : counts) first_units_[i].push_back(first_units_[i].back() + count);
    if (first_units_[i].back() < 1) fail("TrainingSet", "data set {} has no mask to train on", i);
  }
}

int64_t TrainingSet::units(size_t set) const {
  return first_units_[set].empty() ? sets_[set].dataset->size() : first_units_[set].back();
}

TrainingSet::Unit TrainingSet::unit_at(size_t set, int64_t local) const {
  const std::vector<int64_t>& first = first_units_[set];
  if (first.empty()) return {set, local, 0};
  const int64_t picture = std::upper_bound(first.begin(), first.end(), local) - first.begin() - 1;
  return {set, picture, local - first[static_cast<size_t>(picture)]};
}

TrainingSet::Unit TrainingSet::find_unit(int64_t index) const {
  int64_t local = index;
  size_t set = 0;
  while (set < sets_.size() && local >= units(set)) local -= units(set++);
  if (index < 0 || set == sets_.size()) fail("TrainingSet::row", "no sample has index {}", index);
  return unit_at(set, local);
}

// The unit's picture with its mask, or without labels if no mask is usable.
Sample TrainingSet::draw_sample(const Unit& unit, int64_t epoch, RandomStream& stream) const {
  const WeightedSet& set = sets_[unit.set];
  return set.dataset->get_one(unit.picture, [&](const std::vector<MaskBrief>& masks) -> int64_t {
    std::vector<int64_t> usable = usable_masks(masks, set.min_area);
    if (usable.empty()) return -1;
    const auto count = std::ssize(usable);
    if (set.per_picture == 1) return usable[static_cast<size_t>(stream.below(count))];
    RandomStream order =
        random_stream(options_.seed, static_cast<uint64_t>(epoch),
                      static_cast<uint64_t>(unit.picture) ^ (uint64_t{unit.set} << 48), Draw::kMaskOrder);
    for (int64_t i = count - 1; i > 0; --i) std::swap(usable[i], usable[order.below(i + 1)]);
    return usable[static_cast<size_t>(unit.number % count)];
  });
}

// Rounds the running sum, so that the sets' rows add up to the rounded total.
std::vector<int64_t> TrainingSet::rows_of_sets() const {
  std::vector<int64_t> rows;
  double sum = 0;
  int64_t rounded = 0;
  for (const WeightedSet& set : sets_) {
    sum += set.weight * static_cast<double>(units(rows.size()));
    rows.push_back(std::llround(sum) - rounded);
    rounded = std::llround(sum);
  }
  return rows;
}

int64_t TrainingSet::size() const {
  const std::vector<int64_t> rows = rows_of_sets();
  return std::accumulate(rows.begin(), rows.end(), int64_t{0});
}

std::vector<int64_t> TrainingSet::order(int64_t epoch) const {
  const std::vector<int64_t> rows = rows_of_sets();
  std::vector<int64_t> order;
  int64_t offset = 0;
  for (size_t i = 0; i < sets_.size(); ++i) {
    const int64_t n = units(i);
    for (int64_t row = 0; row < rows[i] / n * n; ++row) order.push_back(offset + row % n);
    RandomStream stream = random_stream(options_.seed, epoch, i, Draw::kSubset);
    for (int64_t index : random_subset(n, rows[i] % n, stream)) order.push_back(offset + index);
    offset += n;
  }
  RandomStream stream = random_stream(options_.seed, epoch, 0, Draw::kShuffle);
  for (int64_t i = static_cast<int64_t>(order.size()) - 1; i > 0; --i) std::swap(order[i], order[stream.below(i + 1)]);
  return order;
}

// The unit's sample. Throws UnreadRow.
Sample TrainingSet::read_sample(const Unit& unit, int64_t epoch, RandomStream& stream) const {
  try {
    Sample sample = draw_sample(unit, epoch, stream);
    if (!sample.labels.empty()) check_sample(sample);
    return sample;
  } catch (const Error& error) {
    throw UnreadRow(error.what());
  }
}

TrainingRow TrainingSet::row(int64_t epoch, int64_t position, int64_t index) const {
  Unit unit = find_unit(index);
  RandomStream flips = random_stream(options_.seed, epoch, position, Draw::kFlip);
  RandomStream jitters = random_stream(options_.seed, epoch, position, Draw::kJitter);
  RandomStream prompts = random_stream(options_.seed, epoch, position, Draw::kPrompt);
  const bool flip = flips.uniform() < options_.augment.flip_probability;
  Sample sample = read_sample(unit, epoch, flips);
  RandomStream others = random_stream(options_.seed, epoch, position, Draw::kReplace);
  for (int draw = 0; sample.labels.empty(); ++draw) {
    constexpr int kDraws = 200;
    if (draw == 0 && replaced_->fetch_add(1) == 0) {
      spdlog::warn("{} has no mask to train on; its rows are given to other pictures of '{}', and so will others' be",
                   sample.image_path, sample.set);
    }
    if (draw == kDraws) {
      fail("TrainingSet::row",
           "data set '{}': {} pictures in a row have no mask to train on; lower min_area, or look at it by hqsam data "
           "check",
           sample.set, kDraws);
    }
    unit = unit_at(unit.set, others.below(units(unit.set)));
    sample = read_sample(unit, epoch, flips);
  }
  Image gray = std::move(sample.labels.front()).gray();
  JitteredLabel label = jitter_label(gray, flip, options_, jitters);

  TrainingRow row;
  row.index = index;
  row.position = position;
  row.name = sample.set + "/" + sample.name;
  row.image = jitter_picture(sample.image, label.how, options_.pinned);
  row.label = std::move(label.values);
  if (!sample.unknown.pixels.empty()) row.known = known_pixels(sample.unknown, label.how);
  row.picture = {std::min(label.how.side, label.how.scaled.height - label.how.top),
                 std::min(label.how.side, label.how.scaled.width - label.how.left)};
  DrawnPrompt drawn = draw_prompt({row.label, row.picture, row.known}, options_.prompts, prompts);
  row.prompt = std::move(drawn.prompt);
  row.own_mask = drawn.own_mask;
  row.clicks = drawn.clicks;
  keep_spare(std::move(sample.image.pixels));
  keep_spare(std::move(gray.pixels));
  return row;
}

uint64_t TrainingSet::file_list_fingerprint() const {
  std::string list;
  for (const WeightedSet& set : sets_) {
    list += fmt::format("weight {} of {}\n", set.weight, set.dataset->size());
    if (set.per_picture != 1) list += fmt::format("{} masks a picture\n", set.per_picture);
    if (set.min_area > 0) list += fmt::format("masks of {} pixels\n", set.min_area);
    for (int64_t i = 0; i < set.dataset->size(); ++i) list += set.dataset->path(i) + "\n";
  }
  return fingerprint(list);
}

}  // namespace hqsam
