// SPDX-License-Identifier: Apache-2.0
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "golden.h"
#include "hqsam/mask/boundary.h"
#include "hqsam/metrics/iou.h"

namespace hqsam {
namespace {

// Packed bits, row-major, the most significant first.
Mask unpack_bits(const torch::Tensor& bits, Size size) {
  Mask mask(size.height, size.width);
  const auto* bytes = bits.data_ptr<uint8_t>();
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = (bytes[i / 8] >> (7 - i % 8)) & 1;
  return mask;
}

}  // namespace

TEST(Metrics, MatchTheReference) {
  const TensorMap map = testing_support::golden("metrics.safetensors");
  const int count = testing_support::golden_config(map).at("count");
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("{:02}.", i);
    const auto* lengths = map.at(name + "size").data_ptr<int64_t>();
    const Size size = {lengths[0], lengths[1]};
    const Mask prediction = unpack_bits(map.at(name + "pred_bits"), size);
    const Mask truth = unpack_bits(map.at(name + "gt_bits"), size);
    const double iou = map.at(name + "iou").item<double>(), band_iou = map.at(name + "biou").item<double>();
    // The reference divides 0 by 0 where both are empty; here they agree.
    EXPECT_NEAR(mask_iou(prediction, truth), std::isnan(iou) ? 1 : iou, 1e-6) << name;
    EXPECT_NEAR(boundary_iou(prediction, truth), std::isnan(band_iou) ? 1 : band_iou, 1e-6) << name;
    EXPECT_EQ(boundary_band(truth, boundary_width(size)), unpack_bits(map.at(name + "gt_boundary_bits"), size)) << name;
  }
}

}  // namespace hqsam
