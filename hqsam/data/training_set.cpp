// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include "hqsam/core/error.h"
#include "hqsam/core/random.h"
#include "hqsam/core/text.h"
#include "hqsam/data/loader.h"

namespace hqsam {
namespace {

constexpr int kJitterDraws = 1 + 10;  // the first and ten more
constexpr float kInside = 128;

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

bool has_inside(const std::vector<float>& label) {
  return std::any_of(label.begin(), label.end(), [](float value) { return value > kInside; });
}

struct JitteredLabel {
  CropResize how;
  std::vector<float> values;
};

JitteredLabel jitter_label(const Image& label, bool flip, const RowOptions& options, RandomStream& stream) {
  const bool empty = std::none_of(label.pixels.begin(), label.pixels.end(), [](uint8_t v) { return v > kInside; });
  for (int draw = 0; draw < kJitterDraws; ++draw) {
    const float uniform = uniform_float(stream);
    JitteredLabel result;
    result.how = large_scale_jitter(label.size(), options.image_size, options.augment, uniform, stream);
    result.how.flip = flip;
    result.values = crop_resize_label(label, result.how);
    if (empty || has_inside(result.values)) return result;
  }
  CropResize how = letterbox(label.size(), options.image_size);
  how.flip = flip;
  return {how, crop_resize_label(label, how)};
}

// Interleaved -> [3,S,S].
torch::Tensor planar(const Image& image, bool pinned) {
  const auto options = torch::TensorOptions(torch::kUInt8).pinned_memory(pinned);
  torch::Tensor tensor = torch::empty({3, image.height, image.width}, options);
  const int64_t count = image.height * image.width;
  uint8_t* red = tensor.data_ptr<uint8_t>();
  const uint8_t* pixel = image.pixels.data();
  for (int64_t i = 0; i < count; ++i, pixel += 3) {
    red[i] = pixel[0];
    red[i + count] = pixel[1];
    red[i + 2 * count] = pixel[2];
  }
  return tensor;
}

void check_sample(const Sample& sample) {
  if (sample.labels.empty()) fail("TrainingSet::row", "{} has no mask", sample.image_path);
  if (sample.image.channels != 3 || sample.image.pixels.empty()) {
    fail("TrainingSet::row", "{}: expected an RGB picture, got {} channels of {}x{}", sample.image_path,
         sample.image.channels, sample.image.width, sample.image.height);
  }
  for (const Image& label : sample.labels) {
    if (label.size() != sample.image.size() || label.channels != 1) {
      fail("TrainingSet::row", "{} is {}x{} but a mask of it is {}x{} with {} channels", sample.image_path,
           sample.image.width, sample.image.height, label.width, label.height, label.channels);
    }
  }
}

}  // namespace

void RowOptions::validate() const {
  if (image_size < 32 || image_size > 8192 || image_size % 4 != 0) {
    fail("RowOptions", "image_size must be a multiple of 4 in 32..8192, got {}", image_size);
  }
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
    if (!(sets_[i].weight > 0) || !std::isfinite(sets_[i].weight)) {
      fail("TrainingSet", "the weight of data set {} must be above 0, got {}", i, sets_[i].weight);
    }
  }
  if (size() < 1) fail("TrainingSet", "the weights leave no row in an epoch; raise them");
}

// Rounds the running sum, so that the sets' rows add up to the rounded total.
std::vector<int64_t> TrainingSet::rows_of_sets() const {
  std::vector<int64_t> rows;
  double sum = 0;
  int64_t rounded = 0;
  for (const WeightedSet& set : sets_) {
    sum += set.weight * static_cast<double>(set.dataset->size());
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
    const int64_t n = sets_[i].dataset->size();
    for (int64_t row = 0; row < rows[i] / n * n; ++row) order.push_back(offset + row % n);
    RandomStream stream = random_stream(options_.seed, epoch, i, Draw::kSubset);
    for (int64_t index : random_subset(n, rows[i] % n, stream)) order.push_back(offset + index);
    offset += n;
  }
  RandomStream stream = random_stream(options_.seed, epoch, 0, Draw::kShuffle);
  for (int64_t i = static_cast<int64_t>(order.size()) - 1; i > 0; --i) std::swap(order[i], order[stream.below(i + 1)]);
  return order;
}

TrainingRow TrainingSet::row(int64_t epoch, int64_t position, int64_t index) const {
  int64_t local = index;
  size_t set = 0;
  while (set < sets_.size() && local >= sets_[set].dataset->size()) local -= sets_[set++].dataset->size();
  if (index < 0 || set == sets_.size()) fail("TrainingSet::row", "no sample has index {}", index);
  const Sample sample = sets_[set].dataset->get(local);
  check_sample(sample);

  RandomStream flips = random_stream(options_.seed, epoch, position, Draw::kFlip);
  RandomStream jitters = random_stream(options_.seed, epoch, position, Draw::kJitter);
  RandomStream prompts = random_stream(options_.seed, epoch, position, Draw::kPrompt);
  const bool flip = flips.uniform() < options_.augment.flip_probability;
  const Image& mask = sample.labels[flips.below(static_cast<int64_t>(sample.labels.size()))];
  const JitteredLabel label = jitter_label(mask, flip, options_, jitters);

  TrainingRow row;
  row.index = index;
  row.position = position;
  row.name = sample.set + "/" + sample.name;
  row.image = planar(crop_resize(sample.image, label.how, kJitterPadding), options_.pinned);
  row.label = torch::empty({1, options_.image_size, options_.image_size},
                           torch::TensorOptions(torch::kFloat32).pinned_memory(options_.pinned));
  std::copy(label.values.begin(), label.values.end(), row.label.data_ptr<float>());
  row.prompt = draw_prompt(row.label, options_.prompts, prompts);
  return row;
}

uint64_t TrainingSet::file_list_fingerprint() const {
  std::string list;
  for (const WeightedSet& set : sets_) {
    list += fmt::format("weight {} of {}\n", set.weight, set.dataset->size());
    for (int64_t i = 0; i < set.dataset->size(); ++i) list += set.dataset->path(i) + "\n";
  }
  return fingerprint(list);
}

}  // namespace hqsam
