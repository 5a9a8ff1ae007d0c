// SPDX-License-Identifier: Apache-2.0
#include "hqsam/amg/upscale.h"

#include "golden.h"
#include "hqsam/predict/picture_session.h"
#include "predict/tiny_model.h"

namespace hqsam {
using namespace testing_support;

namespace {

constexpr int64_t kSide = 64, kMaskSide = 16;

// Smooth hills of logits, mostly outside.
torch::Tensor hills(uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  const auto coarse = torch::empty({1, 1, 5, 5}).normal_(-1, 3, generator);
  return torch::upsample_bilinear2d(coarse, {kMaskSide, kMaskSide}, /*align_corners=*/false);
}

class Upscaling : public ::testing::TestWithParam<Size> {};

TEST_P(Upscaling, IsThePredictorsButForRounding) {
  const Size size = GetParam();
  SamHq model = tiny_model();
  const PictureSession session(model, picture_input(waves(size.height, size.width), Protocol::kKeepAspect, kSide));
  const Size picture{size.height + 30, size.width + 100};
  const Crop crop{70, 20, 70 + size.width, 20 + size.height};
  const MaskUpscaler upscaler(session.frame(), kSide, kMaskSide, crop, picture);
  FrameRoom room;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const torch::Tensor low_res = hills(seed);
    const auto logits = session.logits_in_image(low_res, room);
    const auto got = upscaler.run(window_of(low_res.const_data_ptr<float>(), kMaskSide, -1), 1);
    const auto expected = torch::constant_pad_nd(logits > 0, {70, 30, 20, 10}, 0).contiguous();
    const Mask mask = unpack(got.mask);
    ASSERT_EQ(mask.size(), picture);
    const auto ours =
        torch::from_blob(const_cast<uint8_t*>(mask.pixels.data()), {picture.height, picture.width}, torch::kUInt8);
    const auto sure = torch::constant_pad_nd(logits.abs() > 1e-4, {70, 30, 20, 10}, 1);
    EXPECT_EQ(((ours != 0) != expected).logical_and(sure).sum().item<int64_t>(), 0) << "seed " << seed;
    EXPECT_EQ(got.mask.area, area(mask));
    EXPECT_EQ(got.mask.box, bounding_box(mask));
    EXPECT_NEAR(static_cast<double>(got.counts.above_high), (logits > 1).sum().item<double>(), 2);
    EXPECT_NEAR(static_cast<double>(got.counts.above_low), (logits > -1).sum().item<double>(), 2);
  }
}

INSTANTIATE_TEST_SUITE_P(OfCropsLargerAndSmallerThanTheInput, Upscaling,
                         ::testing::Values(Size{40, 60}, Size{200, 130}, Size{64, 64}, Size{17, 90}, Size{1, 3}));

TEST(Upscaling, OfNothingIsNothing) {
  const MaskUpscaler upscaler({{40, 60}, {43, 64}}, kSide, kMaskSide, {0, 0, 60, 40}, {40, 60});
  const auto low_res = torch::full({kMaskSide, kMaskSide}, -3.0F);
  const auto got = upscaler.run(window_of(low_res.const_data_ptr<float>(), kMaskSide, -1), 1);
  EXPECT_EQ(got.mask.area, 0);
  EXPECT_EQ(got.mask.size, (Size{40, 60}));
  EXPECT_EQ(got.counts.stability(), 0);
}

TEST(Upscaling, OfLogitsBelowTheFrameIsNothing) {  // in the part of the square that pads the picture
  const MaskUpscaler upscaler({{20, 60}, {21, 64}}, kSide, kMaskSide, {0, 0, 60, 20}, {20, 60});
  auto low_res = torch::full({kMaskSide, kMaskSide}, -3.0F);
  low_res[14].fill_(5);
  EXPECT_EQ(upscaler.run(window_of(low_res.const_data_ptr<float>(), kMaskSide, -1), 1).mask.area, 0);
}

}  // namespace
}  // namespace hqsam
