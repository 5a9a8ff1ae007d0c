// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/augment.h"

#include "golden.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

struct Golden {
  TensorMap map = testing_support::golden("large_scale_jitter.safetensors");
  int64_t cases = testing_support::count_numbered(map, "", ".image");
  nlohmann::json config = testing_support::golden_config(map);
  int64_t side = config.at("output_size");
  AugmentOptions options = {.scale_min = config.at("aug_scale_min"), .scale_max = config.at("aug_scale_max")};
};

const Golden& golden() {
  static const Golden all;
  return all;
}

torch::Tensor tensor(int64_t index, const std::string& name) {
  return golden().map.at(std::to_string(index) + "." + name);
}

// [C,H,W] -> interleaved.
Image to_image(const torch::Tensor& planar) {
  Image image(planar.size(1), planar.size(2), planar.size(0));
  const torch::Tensor interleaved = planar.permute({1, 2, 0}).contiguous();
  std::copy_n(interleaved.data_ptr<uint8_t>(), image.pixels.size(), image.pixels.begin());
  return image;
}

CropResize reference_jitter(int64_t index) {
  const Image label = to_image(tensor(index, "label"));
  const torch::Tensor offsets = tensor(index, "crop_draws");
  CropResize how;
  how.scaled = jittered_size(label.size(), golden().side, golden().options, tensor(index, "uniform.0").item<float>());
  how.top = offsets[0].item<int64_t>();
  how.left = offsets[1].item<int64_t>();
  how.side = golden().side;
  return how;
}

}  // namespace

TEST(LargeScaleJitter, MatchesReferenceOnPictures) {
  for (int64_t i = 0; i < golden().cases; ++i) {
    const torch::Tensor out = torch::empty({3, golden().side, golden().side}, torch::kUInt8);
    crop_resize(to_image(tensor(i, "image")), reference_jitter(i), kJitterPadding, out.data_ptr<uint8_t>());
    EXPECT_TRUE(torch::equal(out, tensor(i, "out_image").to(torch::kUInt8))) << "case " << i;
  }
}

TEST(LargeScaleJitter, MatchesReferenceOnLabels) {
  for (int64_t i = 0; i < golden().cases; ++i) {
    const torch::Tensor got = torch::empty({1, golden().side, golden().side}, torch::kFloat32);
    crop_resize_label(to_image(tensor(i, "label")), reference_jitter(i), got.data_ptr<float>());
    EXPECT_LE((got - tensor(i, "out_label")).abs().max().item<float>(), 1e-3f * 255) << "case " << i;
  }
}

TEST(LargeScaleJitter, DrawsTheRowOffsetAndThenTheColumnOffset) {
  const Size size = {300, 200};
  RandomStream stream{5}, twin{5};
  const CropResize how = large_scale_jitter(size, 100, {}, 0.9f, stream);
  ASSERT_GT(how.scaled.height, 100);
  ASSERT_GT(how.scaled.width, 100);
  EXPECT_EQ(how.top, twin.below(how.scaled.height - 100 + 1));
  EXPECT_EQ(how.left, twin.below(how.scaled.width - 100 + 1));
  EXPECT_EQ(how.side, 100);
  EXPECT_FALSE(how.flip);
}

TEST(LargeScaleJitter, DoesNotMoveWhatIsSmallerThanTheWindow) {
  RandomStream stream{5};
  const CropResize how = large_scale_jitter({300, 200}, 100, {}, 0.1f, stream);
  EXPECT_LT(how.scaled.height, 100);
  EXPECT_EQ(how.top, 0);
  EXPECT_EQ(how.left, 0);
}

TEST(JitteredSize, RoundsHalfToEvenAsTorchDoes) {
  const AugmentOptions one = {.scale_min = 1, .scale_max = 1};
  // 25 * 0.1 = 2.5 and 35 * 0.1 = 3.5.
  EXPECT_EQ(jittered_size({1000, 25}, 100, one, 0), (Size{100, 2}));
  EXPECT_EQ(jittered_size({1000, 35}, 100, one, 0), (Size{100, 4}));
}

TEST(JitteredSize, SpansTheScalesAndKeepsAtLeastOnePixel) {
  EXPECT_EQ(jittered_size({64, 64}, 1000, {}, 0.0f), (Size{100, 100}));
  EXPECT_EQ(jittered_size({64, 64}, 1000, {}, 0.99999994f), (Size{2000, 2000}));
  EXPECT_EQ(jittered_size({4000, 2}, 100, {}, 0.0f), (Size{10, 1}));
}

TEST(Letterbox, PutsTheWholePictureAtTheTopLeft) {
  const CropResize how = letterbox({200, 100}, 64);
  EXPECT_EQ(how.scaled, (Size{64, 32}));
  EXPECT_EQ(how.top, 0);
  EXPECT_EQ(how.left, 0);
  EXPECT_EQ(letterbox({5000, 1}, 64).scaled, (Size{64, 1}));
}

TEST(AugmentOptions, RefusesWhatCannotWork) {
  EXPECT_NO_THROW(AugmentOptions{}.validate());
  EXPECT_THROW((AugmentOptions{.flip_probability = 1.5}.validate()), Error);
  EXPECT_THROW((AugmentOptions{.scale_min = 0}.validate()), Error);
  EXPECT_THROW((AugmentOptions{.scale_min = 2, .scale_max = 1}.validate()), Error);
}

}  // namespace hqsam
