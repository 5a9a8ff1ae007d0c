// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/feature_cache.h"

#include <gtest/gtest.h>

#include "hqsam/model/checkpoint.h"
#include "temporary_folder.h"
#include "thread_group.h"
#include "train/run_fixture.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// Discs as they are in every epoch.
std::shared_ptr<const TrainingSet> fixed_set() {
  RowOptions rows;
  rows.image_size = 64;
  rows.augment = {.flip_probability = 0, .scale_min = 1, .scale_max = 1};
  rows.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
  return std::make_shared<TrainingSet>(std::vector<WeightedSet>{{std::make_shared<tiny::DiscDataset>(10), 1.0}}, rows);
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  return files;
}

class Cache : public ::testing::Test {
 protected:
  // Features of a picture, counting how often the encoder runs.
  ImageFeatures get(FeatureCache& cache, const torch::Tensor& image) {
    const torch::NoGradGuard no_grad;
    return cache.get(image, [&] { return ++encoded_, model_->encode(image.unsqueeze(0)); });
  }
  void expect_exact(const ImageFeatures& features, const torch::Tensor& image) {
    const torch::NoGradGuard no_grad;
    const ImageFeatures expected = model_->encode(image.unsqueeze(0));
    EXPECT_TRUE(torch::equal(features.image_embeddings, expected.image_embeddings));
    ASSERT_EQ(features.interm_embeddings.size(), 1U);
    EXPECT_TRUE(torch::equal(features.interm_embeddings[0], expected.interm_embeddings[0]));
  }
  static torch::Tensor picture(int64_t seed) {
    torch::manual_seed(seed);
    return torch::randint(0, 256, {3, 64, 64}).to(torch::kUInt8);
  }

  testing_support::TemporaryFolder temporary_;
  SamHq model_ = tiny::make_model();
  int encoded_ = 0;
};

TEST_F(Cache, EncodesAPictureOnceForAllThatShareTheFolder) {
  FeatureCache first(temporary_.path, model_, false);
  const auto image = picture(1);
  expect_exact(get(first, image), image);
  expect_exact(get(first, image), image);
  FeatureCache second(temporary_.path, model_, false);
  expect_exact(get(second, image), image);
  EXPECT_EQ(encoded_, 1);
  get(second, picture(2));
  EXPECT_EQ(encoded_, 2);
  EXPECT_EQ(files_in(temporary_.path).size(), 2U);
}

TEST_F(Cache, IsOfOneEncoderAndPrecision) {
  const auto folder = [&](const SamHq& model, bool bf16) {
    return FeatureCache(temporary_.path, model, bf16).folder();
  };
  const fs::path own = folder(model_, false);
  EXPECT_EQ(folder(tiny::make_model(), false), own);
  EXPECT_NE(folder(model_, true), own);
  SamHq other = tiny::make_model();
  {
    const torch::NoGradGuard no_grad;
    other->mask_decoder->named_parameters()["hf_token.weight"].fill_(3);
    EXPECT_EQ(folder(other, false), own) << "the decoder has no say";
    other->image_encoder->named_parameters()["neck.0.weight"].view(-1)[5] += 1e-6F;
    EXPECT_NE(folder(other, false), own);
  }
  SamHqOptions options = tiny::model_options();
  options.mask_decoder.hq.early_feature = false;
  SamHq ablation(options);
  initialize(ablation, InitScope::kAll, 1);
  load_tensors(ablation, checkpoint_of(model_), [](const std::string& key) { return is_base_key(key); });
  EXPECT_EQ(folder(ablation, false), own) << "ablations share a cache";
  options = tiny::model_options();
  options.pixel_mean[0] += 1;
  SamHq shifted(options);
  initialize(shifted, InitScope::kAll, 1);
  EXPECT_NE(folder(shifted, false), own);
}

TEST_F(Cache, MakesDamagedFilesAnew) {
  FeatureCache cache(temporary_.path, model_, false);
  const auto image = picture(1), other = picture(2);
  get(cache, image);
  const fs::path path = files_in(temporary_.path).at(0);
  const std::string whole = read_file(path);
  get(cache, other);
  encoded_ = 0;
  std::string flipped = whole;
  flipped[flipped.size() - 100] ^= 1;
  for (const std::string& bytes :
       {flipped, whole.substr(0, whole.size() / 2), std::string(), std::string("no tensors")}) {
    write_file(path, bytes);
    expect_exact(get(cache, image), image);
    EXPECT_TRUE(read_file(path) == whole);
  }
  EXPECT_EQ(encoded_, 4);
  TensorMap unsealed = read_safetensors(path);
  unsealed.metadata.clear();
  write_safetensors(path, unsealed);
  expect_exact(get(cache, image), image);
  EXPECT_EQ(encoded_, 5);
}

TEST_F(Cache, GoesOnWithoutWhereNothingCanBeWritten) {
  FeatureCache cache(temporary_.path, model_, false);
  fs::remove_all(temporary_.path);
  const auto image = picture(1);
  expect_exact(get(cache, image), image);
  expect_exact(get(cache, image), image);
  EXPECT_EQ(encoded_, 2);
  EXPECT_THROW(FeatureCache("/proc/no/such/folder", model_, false), Error);
}

using CachedRun = TrainingRun;

TEST_F(CachedRun, EndsWithTheSameBitsWithAndWithoutIt) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    Setup setup;
    setup.set = fixed_set();
    setup.train.precision = precision;
    setup.train.encoder_batch = 1;  // as the cache encodes
    const Outcome without = unbroken(setup);
    setup.train.cache_features = temporary_.path / "features";
    const Outcome first = unbroken(setup), second = unbroken(setup);
    expect_same(without, first);
    expect_same(without, second);
    EXPECT_EQ(files_in(setup.train.cache_features).size(), 10U);
    setup.train.encoder_batch = 0;  // has no say
    expect_same(without, unbroken(setup));
    // One encoding missing in the middle of a run that goes on from its state.
    setup.stop_after_validations = 1;
    ASSERT_EQ(go(setup), RunEnd::kStopped);
    fs::remove(files_in(setup.train.cache_features).at(3));
    setup.stop_after_validations = -1;
    setup.resume = true;
    ASSERT_EQ(go(setup), RunEnd::kFinished);
    expect_same(without, outcome());
    fs::remove_all(folder());
    fs::remove_all(setup.train.cache_features);
  }
}

TEST_F(CachedRun, RefusesPicturesThatChange) {
  Setup setup;
  setup.train.cache_features = temporary_.path / "features";
  EXPECT_NE(error_of(setup).find("set flip_probability to 0"), std::string::npos);
}

TEST_F(CachedRun, IsSharedByRanks) {
  const auto set = fixed_set();
  const auto rows = Loader(*set, 0, 0, 8, 0, 1).next(8);
  TrainOptions options = tiny::train_options();
  options.encoder_batch = 1;
  Trainer alone(tiny::make_model(), options, make_group());
  const double expected = alone.step(rows, 0).loss;
  options.cache_features = temporary_.path / "features";
  for (int pass = 0; pass < 2; ++pass) {  // it is filled, then read
    const auto errors = testing_support::run_ranks(2, [&](std::shared_ptr<Group> group) {
      Trainer trainer(tiny::make_model(), options, group);
      const auto half = rows.begin() + 4 * group->rank();
      EXPECT_NEAR(trainer.step({half, half + 4}, 0).loss, expected, 1e-5);
    });
    for (const std::string& error : errors) EXPECT_EQ(error, "");
    EXPECT_EQ(files_in(options.cache_features).size(), 8U);
  }
}

}  // namespace
}  // namespace hqsam
