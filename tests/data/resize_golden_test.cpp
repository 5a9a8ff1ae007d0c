// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden.h"
#include "hqsam/image/resize.h"

namespace hqsam {
namespace {

// [H,W,C] bytes.
Image to_image(const torch::Tensor& interleaved) {
  const torch::Tensor bytes = interleaved.to(torch::kUInt8).contiguous();
  Image image(bytes.size(0), bytes.size(1), bytes.size(2));
  std::copy_n(bytes.data_ptr<uint8_t>(), image.pixels.size(), image.pixels.begin());
  return image;
}

int largest_difference(const Image& a, const Image& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return largest;
}

}  // namespace

TEST(ResizeAntialiased, MatchesWhatTheReferencePredictorResizesWithPillow) {
  const TensorMap map = testing_support::golden("sam_hq_predict.safetensors");
  const Image image = to_image(map.at("image")), expected = to_image(map.at("resized"));
  EXPECT_EQ(longest_side_size(image.size(), map.at("preprocessed").size(3)), expected.size());
  EXPECT_EQ(largest_difference(resize_antialiased(image, expected.size()), expected), 0);
}

TEST(ResizeBilinear, MatchesWhatTheReferenceEvaluationSquashes) {
  const TensorMap map = testing_support::golden("evaluation_protocol.safetensors");
  const Image image = to_image(map.at("image").permute({1, 2, 0}));
  const Image expected = to_image(map.at("squashed_image").permute({1, 2, 0}));
  EXPECT_EQ(largest_difference(resize_bilinear(image, expected.size()), expected), 0);
  const Image label = to_image(map.at("label").unsqueeze(2));
  std::vector<float> squashed = crop_resize_label(label, {.scaled = expected.size(), .side = expected.width});
  const torch::Tensor got = torch::from_blob(squashed.data(), {1, expected.height, expected.width});
  EXPECT_LE((got - map.at("squashed_label")).abs().max().item<float>(), 1e-4F);
}

}  // namespace hqsam
