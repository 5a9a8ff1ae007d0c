// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/lora.h"
#include "onnx/fixtures.h"

namespace hqsam::testing_support {
namespace {

struct Encoded {
  torch::Tensor image_embeddings, hq_features;
};

Encoded by_model(SamHq model, const torch::Tensor& image) {
  torch::NoGradGuard no_grad;
  const auto features = model->encode(image);
  return {features.image_embeddings, model->mask_decoder->hq_features(features)};
}

void expect_same_features(Interpreter encoder, SamHq model, const torch::Tensor& image, double tolerance) {
  const Encoded expected = by_model(model, image);
  const auto found = encoder.run({{"image", image}});
  expect_close(found.at("image_embeddings"), expected.image_embeddings, tolerance, "image_embeddings");
  expect_close(found.at("hq_features"), expected.hq_features, tolerance, "hq_features");
}

class OnnxEncoder : public OnnxTest {};

TEST_F(OnnxEncoder, OfAVitMatchesTheModel) {
  expect_same_features(exported(vit_model(), "encoder"), vit_model(), noise_image(1, 64, 64), 1e-5);
}

TEST_F(OnnxEncoder, OfATinyVitMatchesTheModel) {
  expect_same_features(exported(tiny_vit_model(), "encoder"), tiny_vit_model(), noise_image(1, 64, 64), 1e-5);
}

TEST_F(OnnxEncoder, PadsPicturesOfAnyShapeAndTakesSeveral) {
  const Interpreter encoder = exported(vit_model(), "encoder");
  expect_same_features(encoder, vit_model(), noise_image(2, 64, 37), 1e-5);
  expect_same_features(encoder, vit_model(), noise_image(3, 5, 64), 1e-5);
  expect_same_features(exported(tiny_vit_model(), "encoder"), tiny_vit_model(), noise_image(2, 31, 64), 1e-5);
}

TEST_F(OnnxEncoder, RefusesPicturesLargerThanTheModelsInput) {
  Interpreter encoder = exported(vit_model(), "encoder");
  EXPECT_THROW(encoder.run({{"image", noise_image(1, 128, 64)}}), c10::Error);
}

TEST_F(OnnxEncoder, HasLowRankTermsInItsWeights) {
  SamHq model = vit_model();
  const auto plain = by_model(model, noise_image(1, 64, 64));
  for (auto& [key, tensor] : attach_lora(*model, {.rank = 2}, 3)) {
    if (key.ends_with("lora_b")) tensor.normal_(0, 0.1);
  }
  EXPECT_GT(relative_difference(by_model(model, noise_image(1, 64, 64)).image_embeddings, plain.image_embeddings),
            0.01);
  expect_same_features(exported(model, "encoder"), model, noise_image(1, 64, 64), 1e-5);
}

TEST_F(OnnxEncoder, GivesNoHqFeaturesForSamsMasks) {
  const Interpreter encoder = exported(vit_model(), "encoder", {.masks = MaskKind::kSam});
  ASSERT_EQ(encoder.model().graph().output_size(), 1);
  EXPECT_EQ(encoder.model().graph().output(0).name(), "image_embeddings");
}

TEST_F(OnnxEncoder, InFp16StaysNearTheModel) {
  const OnnxOptions fp16 = {.dtype = OnnxDtype::kFp16};
  expect_same_features(exported(vit_model(), "encoder", fp16), vit_model(), noise_image(2, 64, 50), 5e-3);
  expect_same_features(exported(tiny_vit_model(), "encoder", fp16), tiny_vit_model(), noise_image(2, 64, 50), 1e-2);
}

TEST_F(OnnxEncoder, InFp16TakesResidualsBeyondTheRangeOfFp16) {
  SamHq model = vit_model();
  {
    torch::NoGradGuard no_grad;
    model->named_parameters()["image_encoder.pos_embed"].mul_(1e6);
  }
  Interpreter encoder = exported(model, "encoder", {.dtype = OnnxDtype::kFp16});
  const auto features = encoder.run({{"image", noise_image(1, 64, 64)}});
  double largest = 0;
  for (const auto& [name, value] : encoder.edges()) {
    if (!value.is_floating_point()) continue;
    EXPECT_TRUE(value.isfinite().all().item<bool>()) << name;
    largest = std::max(largest, value.to(torch::kFloat64).abs().max().item<double>());
  }
  EXPECT_GT(largest, 65504);
}

}  // namespace
}  // namespace hqsam::testing_support
