// SPDX-License-Identifier: Apache-2.0
// segment-anything's own helpers, tensor by tensor.
#include "golden.h"

#include "hqsam/amg/suppress.h"
#include "hqsam/amg/upscale.h"
#include "hqsam/mask/packed_runs.h"
#include "hqsam/mask/small_regions.h"

namespace hqsam {
using namespace testing_support;

namespace {

class AmgGoldens : public ::testing::Test {
 protected:
  // Logits that are the picture's already, as the upscaler sees them.
  std::vector<MaskUpscaler::Upscaled> cut() const {
    const torch::Tensor all = map.at("logits");
    const Size size{all.size(1), all.size(2)};
    const int64_t side = std::max(size.height, size.width);
    const MaskUpscaler upscaler({size, size, Protocol::kKeepAspect}, side, side, {0, 0, size.width, size.height}, size);
    std::vector<MaskUpscaler::Upscaled> masks;
    for (int64_t i = 0; i < all.size(0); ++i) {
      const auto square = torch::constant_pad_nd(all[i], {0, side - size.width, 0, side - size.height}, -9);
      masks.push_back(upscaler.run(window_of(square.contiguous().const_data_ptr<float>(), side, -1), 1));
    }
    return masks;
  }
  Mask mask_of(const std::string& name) const {
    const torch::Tensor tensor = map.at(name).to(torch::kUInt8).contiguous();
    Mask mask(tensor.size(0), tensor.size(1));
    std::copy_n(tensor.const_data_ptr<uint8_t>(), mask.pixels.size(), mask.pixels.begin());
    return mask;
  }
  TensorMap map = golden("amg.safetensors");
};

TEST_F(AmgGoldens, StabilityIsTheReferences) {
  const auto masks = cut();
  for (size_t i = 0; i < masks.size(); ++i) {
    EXPECT_FLOAT_EQ(masks[i].counts.stability(), map.at("stability")[static_cast<int64_t>(i)].item<float>());
  }
}

TEST_F(AmgGoldens, BoxesAndRunLengthsAreTheReferences) {
  const auto masks = cut();
  for (size_t i = 0; i < masks.size(); ++i) {
    const torch::Tensor box = map.at("boxes_of")[static_cast<int64_t>(i)].to(torch::kFloat64);
    EXPECT_EQ(masks[i].mask.box,
              (Box{box[0].item<double>(), box[1].item<double>(), box[2].item<double>(), box[3].item<double>()}));
    const torch::Tensor counts = map.at("rle." + std::to_string(i)).to(torch::kInt64);
    const Rle rle = rle_encode(masks[i].mask);
    ASSERT_EQ(std::ssize(rle.counts), counts.size(0));
    for (int64_t at = 0; at < counts.size(0); ++at) {
      EXPECT_EQ(rle.counts[static_cast<size_t>(at)], counts[at].item<int64_t>());
    }
  }
}

TEST_F(AmgGoldens, SuppressionKeepsWhatTheReferenceKeepsInItsOrder) {
  const torch::Tensor tensor = map.at("nms.boxes").to(torch::kFloat64), scores = map.at("nms.scores");
  std::vector<Box> boxes;
  std::vector<double> of_boxes;
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    boxes.push_back({tensor[i][0].item<double>(), tensor[i][1].item<double>(), tensor[i][2].item<double>(),
                     tensor[i][3].item<double>()});
    of_boxes.push_back(scores[i].item<double>());
  }
  const std::vector<size_t> kept = suppress_boxes(boxes, of_boxes, 0.7);
  const torch::Tensor expected = map.at("nms.keep");
  ASSERT_EQ(std::ssize(kept), expected.size(0));
  for (size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(static_cast<int64_t>(kept[i]), expected[static_cast<int64_t>(i)].item<int64_t>());
  }
}

TEST_F(AmgGoldens, TheGridIsTheReferences) {
  const torch::Tensor grid = map.at("grid.8");
  const std::vector<Point> points = point_grid(8);
  ASSERT_EQ(std::ssize(points), grid.size(0));
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_DOUBLE_EQ(points[i].x, grid[static_cast<int64_t>(i)][0].item<double>());
    EXPECT_DOUBLE_EQ(points[i].y, grid[static_cast<int64_t>(i)][1].item<double>());
  }
}

TEST_F(AmgGoldens, CropsAreTheReferences) {
  const torch::Tensor boxes = map.at("crop_boxes").to(torch::kInt64), layers = map.at("crop_layers").to(torch::kInt64);
  const Size picture{boxes[0][3].item<int64_t>(), boxes[0][2].item<int64_t>()};
  const std::vector<Crop> crops = crops_of(picture, layers.max().item<int64_t>(), 512.0 / 1500);
  ASSERT_EQ(std::ssize(crops), boxes.size(0));
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    const auto at = [&](int64_t corner) { return boxes[i][corner].item<int64_t>(); };
    EXPECT_EQ(crops[static_cast<size_t>(i)], (Crop{at(0), at(1), at(2), at(3), layers[i].item<int64_t>()}));
  }
}

TEST_F(AmgGoldens, SmallRegionsGoAsInTheReference) {
  constexpr int64_t kMinArea = 20;
  const PackedMask mask = pack_tightly(mask_of("small.in"));
  EXPECT_EQ(unpack(without_small_holes(mask, kMinArea).mask), mask_of("small.holes"));
  EXPECT_EQ(unpack(without_small_islands(mask, kMinArea).mask), mask_of("small.islands"));
}

}  // namespace
}  // namespace hqsam
