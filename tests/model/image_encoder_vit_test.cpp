// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/image_encoder_vit.h"

#include <algorithm>

#include "devices.h"
#include "golden_options.h"
#include "hqsam/core/error.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
using namespace testing_support;

class ImageEncoderVitGolden : public OverDevices {};
OVER_DEVICES(ImageEncoderVitGolden);

TEST_P(ImageEncoderVitGolden, MatchesReferenceWithPaddedWindows) {
  const TensorMap map = to_device(golden("image_encoder_vit.safetensors"), GetParam());
  ImageEncoderVit encoder(vit_options(map));
  load_module(*encoder, map, "w.");
  encoder->to(GetParam());
  torch::NoGradGuard no_grad;
  const ImageFeatures features = encoder->forward(map.at("x"));
  expect_close(features.image_embeddings, map.at("image_embeddings"), 1e-5);
  ASSERT_EQ(features.interm_embeddings.size(), encoder->options().global_attn_indexes.size());
  for (size_t i = 0; i < features.interm_embeddings.size(); ++i) {
    expect_close(features.interm_embeddings[i], map.at(fmt::format("interm_embeddings.{}", i)), 1e-5);
  }
}

// At sizes for which a GPU has kernels (ops), with windows that reach beyond the picture.
TEST_P(ImageEncoderVitGolden, GivesNearlyTheSameInBf16) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  ImageEncoderVitOptions options;  // ViT-B's width, heads and windows
  options.image_size = 320;
  options.depth = 3;
  options.global_attn_indexes = {1};
  ImageEncoderVit encoder(options);
  for (auto& item : encoder->named_parameters()) {
    if (item.key().find("rel_pos") != std::string::npos) item.value().normal_(0, 0.2);
  }
  const auto image = torch::randn({2, 3, 320, 320});
  const ImageFeatures exact = encoder->forward(image);
  encoder->to(GetParam());
  const Bf16Scope autocast(GetParam().type(), true);
  const ImageFeatures rough = encoder->forward(image.to(GetParam()));
  expect_close(rough.image_embeddings, exact.image_embeddings, 0.03);
  expect_close(rough.interm_embeddings.at(0), exact.interm_embeddings.at(0), 0.03);
}

TEST(ImageEncoderVit, RelativePositionsTrain) {
  // The fused attention must not drop the gradient of the tables inside its bias.
  const TensorMap map = golden("image_encoder_vit.safetensors");
  ImageEncoderVit encoder(vit_options(map));
  load_module(*encoder, map, "w.");
  encoder->to(torch::kFloat64);
  const auto image = map.at("x").to(torch::kFloat64);
  const auto loss = [&] { return encoder->forward(image).image_embeddings.square().sum(); };
  const auto& global = encoder->options().global_attn_indexes;
  int64_t windowed = 0;
  while (std::find(global.begin(), global.end(), windowed) != global.end()) ++windowed;
  for (const std::string& key :
       {fmt::format("blocks.{}.attn.rel_pos_h", windowed), fmt::format("blocks.{}.attn.rel_pos_w", global.at(0))}) {
    encoder->zero_grad();
    loss().backward();
    auto table = encoder->named_parameters()[key];
    const double analytic = table.grad()[1][0].item<double>();
    torch::NoGradGuard no_grad;
    const double step = 1e-5;
    table[1][0] += step;
    const double above = loss().item<double>();
    table[1][0] -= 2 * step;
    const double below = loss().item<double>();
    table[1][0] += step;
    EXPECT_NEAR(analytic, (above - below) / (2 * step), 1e-4 * std::abs(analytic)) << key;
    EXPECT_NE(analytic, 0.0) << key;
  }
}

TEST(ImageEncoderVit, RefusesAnotherInputSize) {
  ImageEncoderVit encoder(ImageEncoderVitOptions{.image_size = 32,
                                                 .embed_dim = 8,
                                                 .depth = 1,
                                                 .num_heads = 1,
                                                 .mlp_dim = 8,
                                                 .out_chans = 8,
                                                 .window_size = 2,
                                                 .global_attn_indexes = {0}});
  EXPECT_THROW(encoder->forward(torch::zeros({1, 3, 16, 32})), Error);
}

TEST(ImageEncoderVitOptions, NamesTheWrongField) {
  ImageEncoderVitOptions options;
  options.num_heads = 7;
  try {
    options.validate();
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("embed_dim"), std::string::npos);
  }
}

}  // namespace hqsam
