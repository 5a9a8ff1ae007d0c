// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/training_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "data/fixtures.h"

namespace hqsam {
namespace {

RowOptions small_rows() {
  RowOptions options;
  options.image_size = 64;
  options.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
  return options;
}

TrainingSet training_set(std::vector<std::pair<int64_t, double>> sizes_and_weights, RowOptions options = small_rows()) {
  std::vector<WeightedSet> sets;
  for (const auto& [size, weight] : sizes_and_weights) sets.push_back({std::make_shared<MemoryDataset>(size), weight});
  return TrainingSet(std::move(sets), options);
}

std::map<int64_t, int> counts(const std::vector<int64_t>& order) {
  std::map<int64_t, int> result;
  for (int64_t index : order) ++result[index];
  return result;
}

// One picture whose masks the test chooses.
class OneSample : public Dataset {
 public:
  explicit OneSample(Sample sample) : sample_(std::move(sample)) {}
  int64_t size() const override { return 1; }
  Sample get(int64_t) const override { return sample_; }
  std::string path(int64_t) const override { return sample_.image_path; }

 private:
  Sample sample_;
};

TrainingSet one_sample(Size size, std::vector<Image> labels, RowOptions options = small_rows()) {
  Sample sample{"set", "stem", "set/stem.jpg", random_picture(size, 3, 1), {labels.begin(), labels.end()}};
  return TrainingSet({{std::make_shared<OneSample>(std::move(sample)), 1}}, std::move(options));
}

bool has_inside(const torch::Tensor& label) { return (label > 128).any().item<bool>(); }

}  // namespace

TEST(TrainingSet, OrderIsAShuffleOfAllPictures) {
  const TrainingSet set = training_set({{10, 1}, {20, 1}});
  ASSERT_EQ(set.size(), 30);
  std::vector<int64_t> order = set.order(0);
  EXPECT_EQ(order, set.order(0));
  EXPECT_NE(order, set.order(1));
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  std::vector<int64_t> all(30);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(order, all);
}

TEST(TrainingSet, OrderDependsOnTheSeed) {
  RowOptions other = small_rows();
  other.seed = 43;
  EXPECT_NE(training_set({{30, 1}}).order(0), training_set({{30, 1}}, other).order(0));
}

TEST(TrainingSet, WeightsSetHowOftenAPictureComes) {
  const TrainingSet set = training_set({{10, 2.3}, {10, 0.4}});
  ASSERT_EQ(set.size(), 27);
  const auto first = counts(set.order(0)), second = counts(set.order(1));
  int thrice = 0, rare = 0;
  for (int64_t i = 0; i < 10; ++i) {
    EXPECT_GE(first.at(i), 2);
    EXPECT_LE(first.at(i), 3);
    thrice += first.at(i) == 3;
    rare += first.count(10 + i) ? first.at(10 + i) : 0;
  }
  EXPECT_EQ(thrice, 3);
  EXPECT_EQ(rare, 4);
  EXPECT_NE(first, second);  // another subset in another epoch
}

TEST(TrainingSet, RefusesSetsThatGiveNoRows) {
  EXPECT_THROW(training_set({}), Error);
  EXPECT_THROW(training_set({{0, 1}}), Error);
  EXPECT_THROW(training_set({{4, -1}}), Error);
  EXPECT_THROW(training_set({{2, 0.1}}), Error);
  EXPECT_THROW(TrainingSet({{nullptr, 1}}, small_rows()), Error);
  RowOptions odd = small_rows();
  odd.image_size = 63;
  EXPECT_THROW(training_set({{4, 1}}, odd), Error);
  odd = small_rows();
  odd.prompts.clear();
  EXPECT_THROW(training_set({{4, 1}}, odd), Error);
}

TEST(TrainingSet, RowHasTheShapesAndRangesOfItsHeader) {
  const TrainingSet set = training_set({{3, 1}, {4, 1}});
  const TrainingRow row = set.row(0, 2, 5);
  EXPECT_EQ(row.index, 5);
  EXPECT_EQ(row.position, 2);
  EXPECT_EQ(row.name, "memory/2");
  EXPECT_EQ(row.image.sizes(), (std::vector<int64_t>{3, 64, 64}));
  EXPECT_EQ(row.image.scalar_type(), torch::kUInt8);
  EXPECT_EQ(row.label.sizes(), (std::vector<int64_t>{1, 64, 64}));
  EXPECT_EQ(row.label.scalar_type(), torch::kFloat32);
  EXPECT_GE(row.label.min().item<float>(), 0);
  EXPECT_LE(row.label.max().item<float>(), 255);
  EXPECT_TRUE(has_inside(row.label));
  EXPECT_THROW(set.row(0, 0, 7), Error);
  EXPECT_THROW(set.row(0, 0, -1), Error);
}

TEST(TrainingSet, RowDependsOnSeedEpochAndPosition) {
  const TrainingSet set = training_set({{4, 2}});
  const TrainingRow row = set.row(1, 3, 2), again = set.row(1, 3, 2);
  EXPECT_TRUE(torch::equal(row.image, again.image));
  EXPECT_TRUE(torch::equal(row.label, again.label));
  EXPECT_FALSE(torch::equal(row.image, set.row(2, 3, 2).image));
  EXPECT_FALSE(torch::equal(row.image, set.row(1, 4, 2).image));
}

TEST(TrainingSet, FlipsImageAndLabelTogether) {
  // The left half is white and inside: under any flip, crop and scale white and inside stay together.
  Image picture(40, 40, 3), label(40, 40, 1);
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 20; ++x) {
      *label.at(y, x) = 255;
      std::fill_n(picture.at(y, x), 3, uint8_t{255});
    }
  }
  RowOptions options = small_rows();
  options.augment.scale_min = options.augment.scale_max = 1;
  Sample sample{"set", "stem", "set/stem.jpg", picture, {label}};
  const TrainingSet set({{std::make_shared<OneSample>(sample), 1}}, options);
  int flipped = 0;
  for (int64_t epoch = 0; epoch < 40; ++epoch) {
    const TrainingRow row = set.row(epoch, 0, 0);
    flipped += row.label[0][32][60].item<float>() > 128;
    const torch::Tensor white = row.image.to(torch::kFloat32);
    EXPECT_LE((white - row.label).abs().max().item<float>(), 1.0f);
  }
  EXPECT_GT(flipped, 8);
  EXPECT_LT(flipped, 32);
}

TEST(TrainingSet, CutsTheCropAnewUntilItHoldsTheMask) {
  // A mask of 6 pixels in the corner: most crops at twice the size miss it.
  RowOptions options = small_rows();
  options.augment.scale_min = 1.9;
  const TrainingSet set = one_sample({200, 200}, {label_with_square({200, 200}, 2, 2, 6)}, options);
  for (int64_t position = 0; position < 40; ++position) EXPECT_TRUE(has_inside(set.row(0, position, 0).label));
}

TEST(TrainingSet, TakesAnEmptyMaskAsItIs) {
  const TrainingSet set = one_sample({50, 50}, {Image(50, 50, 1)});
  const TrainingRow row = set.row(0, 0, 0);
  EXPECT_FALSE(has_inside(row.label));
  EXPECT_TRUE(row.prompt.mask_in_mask_input.defined());
}

TEST(TrainingSet, TakesEachMaskOfAPictureInTurn) {
  RowOptions options = small_rows();
  options.augment = {.flip_probability = 0, .scale_min = 1, .scale_max = 1};
  const Size size = {64, 64};
  const TrainingSet set =
      one_sample(size, {label_with_square(size, 0, 0, 10), label_with_square(size, 40, 40, 10)}, options);
  int first = 0;
  for (int64_t position = 0; position < 60; ++position) {
    first += set.row(0, position, 0).label[0][5][5].item<float>() > 128;
  }
  EXPECT_GT(first, 15);
  EXPECT_LT(first, 45);
}

TEST(TrainingSet, RefusesSamplesThatDoNotFit) {
  EXPECT_THROW(one_sample({50, 50}, {}).row(0, 0, 0), Error);
  EXPECT_THROW(one_sample({50, 50}, {Image(50, 40, 1)}).row(0, 0, 0), Error);
  EXPECT_THROW(one_sample({50, 50}, {Image(50, 50, 3)}).row(0, 0, 0), Error);
}

TEST(TrainingSet, FingerprintChangesWithFilesAndWeights) {
  const uint64_t first = training_set({{4, 1}, {3, 1}}).file_list_fingerprint();
  EXPECT_EQ(first, training_set({{4, 1}, {3, 1}}).file_list_fingerprint());
  EXPECT_NE(first, training_set({{4, 1}, {3, 2}}).file_list_fingerprint());
  EXPECT_NE(first, training_set({{4, 1}, {4, 1}}).file_list_fingerprint());
  EXPECT_NE(first, training_set({{3, 1}, {4, 1}}).file_list_fingerprint());
}

namespace {

// Picture i has i squares, the last of them small.
class ManyMasks : public Dataset {
 public:
  int64_t size() const override { return 4; }
  Sample get(int64_t index) const override {
    Sample sample{"many", std::to_string(index), path(index), random_picture({60, 80}, 3, 1), {}};
    for (int64_t i = 0; i < index; ++i) {
      sample.labels.push_back(label_with_square({60, 80}, 2 + 20 * i, 10, i + 1 == index ? 3 : 15));
    }
    return sample;
  }
  std::string path(int64_t index) const override { return "many/" + std::to_string(index); }
};

TrainingSet many_masks(int64_t per_picture, double min_area = 0) {
  RowOptions options = small_rows();
  options.augment = {0, 1, 1};
  return TrainingSet({{std::make_shared<ManyMasks>(), 1, per_picture, min_area}}, options);
}

// How many pixels each row's label has, by the row's name, over one epoch.
std::multiset<std::pair<std::string, bool>> rows_of_epoch(const TrainingSet& set, int64_t epoch) {
  std::multiset<std::pair<std::string, bool>> rows;
  const auto order = set.order(epoch);
  for (size_t i = 0; i < order.size(); ++i) {
    const TrainingRow row = set.row(epoch, static_cast<int64_t>(i), order[i]);
    rows.insert({row.name, (row.label > 128).sum().item<int64_t>() > 50});
  }
  return rows;
}

}  // namespace

TEST(TrainingSet, GivesARowForEveryMask) {
  const TrainingSet set = many_masks(0);
  EXPECT_EQ(set.size(), 1 + 2 + 3);
  const std::multiset<std::pair<std::string, bool>> all = {{"many/1", false}, {"many/2", true}, {"many/2", false},
                                                           {"many/3", true},  {"many/3", true}, {"many/3", false}};
  EXPECT_EQ(rows_of_epoch(set, 0), all);
  EXPECT_EQ(rows_of_epoch(set, 1), all);
}

TEST(TrainingSet, PassesOverSmallMasks) {
  const TrainingSet set = many_masks(0, 100);
  EXPECT_EQ(set.size(), 0 + 1 + 2);
  for (const auto& [name, large] : rows_of_epoch(set, 0)) EXPECT_TRUE(large) << name;
}

TEST(TrainingSet, GivesSeveralMasksOfAPictureWithoutRepeating) {
  const TrainingSet set = many_masks(3);
  EXPECT_EQ(set.size(), 12);
  const auto rows = rows_of_epoch(set, 0);
  EXPECT_GE(rows.count({"many/3", true}), 2U);  // its three masks, and what pictures without masks gave away
  EXPECT_GE(rows.count({"many/3", false}), 1U);
}

TEST(TrainingSet, GivesRowsOfPicturesWithoutMasksToOthers) {
  const TrainingSet set = many_masks(1);
  EXPECT_EQ(set.size(), 4);
  const auto rows = rows_of_epoch(set, 0);
  EXPECT_EQ(rows.count({"many/0", false}) + rows.count({"many/0", true}), 0U);
  EXPECT_EQ(rows, rows_of_epoch(many_masks(1), 0));
}

TEST(TrainingSet, CutsWhatIsUnknownAsTheLabel) {
  Sample sample{"set", "stem", "set/stem.jpg", random_picture({64, 64}, 3, 1), {label_with_square({64, 64}, 4, 4, 20)}};
  sample.unknown = label_with_square({64, 64}, 40, 40, 16);
  RowOptions options = small_rows();
  options.augment = {1, 1, 1};  // mirrored
  const TrainingSet set({{std::make_shared<OneSample>(std::move(sample)), 1}}, options);
  const TrainingRow row = set.row(0, 0, 0);
  const auto unknown = row.known == 0;
  EXPECT_EQ(unknown.sum().item<int64_t>(), 16 * 16 * options.image_size * options.image_size / (64 * 64));
  const int64_t scale = options.image_size / 64;
  EXPECT_TRUE(unknown[0][45 * scale][(63 - 45) * scale].item<bool>());
}

}  // namespace hqsam
