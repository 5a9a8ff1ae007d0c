// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/tiny_vit.h"

#include "devices.h"
#include "golden_options.h"
#include "hqsam/core/error.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {
using namespace testing_support;

namespace {

// Takes a moment, not seconds: windows of 2 and 3 on a grid of 4, padded.
TinyVitOptions small_options() {
  TinyVitOptions options;
  options.image_size = 64;
  options.embed_dims = {4, 8, 8, 320};
  options.depths = {1, 1, 1, 1};
  options.num_heads = {1, 2, 2, 4};
  options.window_sizes = {1, 3, 3, 2};
  options.mlp_ratio = 0.5;
  options.out_chans = 16;
  return options;
}

// The file keeps every n-th of a tensor's numbers on each axis; of `whole` the same.
torch::Tensor thinned_to(const torch::Tensor& kept, torch::Tensor whole) {
  for (int64_t axis = 0; axis < kept.dim(); ++axis) {
    whole = whole.slice(axis, 0, torch::nullopt, (whole.size(axis) + kept.size(axis) - 1) / kept.size(axis));
  }
  return whole;
}

// Random weights, batch statistics too, in which nothing is zero.
void randomize(torch::nn::Module& module) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(3);
  for (auto& item : module.named_parameters()) item.value().normal_(0, 0.2, generator);
  for (auto& item : module.named_buffers()) {
    if (item.value().is_floating_point()) item.value().uniform_(0.5, 1.5, generator);
  }
}

}  // namespace

class TinyVitGolden : public OverDevices {};
OVER_DEVICES(TinyVitGolden);

TEST_P(TinyVitGolden, MatchesReference) {
  const TensorMap map = to_device(golden("tiny_vit.safetensors"), GetParam());
  TinyVit encoder(tiny_vit_options(map));
  load_module(*encoder, map, "w.");
  encoder->to(GetParam());
  torch::NoGradGuard no_grad;
  const auto& small = map.at("x_small");
  const int64_t times = encoder->options().image_size / small.size(2);
  const ImageFeatures features = encoder->forward(small.repeat_interleave(times, 2).repeat_interleave(times, 3));
  const auto& embeddings = map.at("image_embeddings_every8");
  expect_close(thinned_to(embeddings, features.image_embeddings), embeddings, 1e-5);
  ASSERT_EQ(features.interm_embeddings.size(), 1u);
  const auto& early = map.at("interm_embeddings.0");
  expect_close(thinned_to(early, features.interm_embeddings[0]), early, 1e-5);
}

TEST(TinyVit, HasTheKeysOfTheReferenceAndNoOthers) {
  const TensorMap map = golden("tiny_vit.safetensors");
  const TinyVit encoder(tiny_vit_options(map));
  size_t keys = 0;
  for (const std::string& name : map.names()) keys += name.starts_with("w.");
  EXPECT_EQ(encoder->named_parameters().size() + encoder->named_buffers().size(), keys);
}

TEST(TinyVit, TakesOtherImageSizes) {
  for (const int64_t size : {48, 80, 112}) {
    TinyVitOptions options = small_options();
    options.image_size = size;
    TinyVit encoder(options);
    const ImageFeatures features = encoder->forward(torch::randn({2, 3, size, size}));
    EXPECT_EQ(features.image_embeddings.sizes(), (torch::IntArrayRef{2, 16, size / 16, size / 16}));
    EXPECT_EQ(features.interm_embeddings.at(0).sizes(), (torch::IntArrayRef{2, size / 16, size / 16, 8}));
  }
}

TEST(TinyVit, NormalizesWithItsStatisticsAlsoInTrainingMode) {
  TinyVit encoder(small_options());
  randomize(*encoder);
  const auto image = torch::randn({1, 3, 64, 64});
  encoder->eval();
  const auto before = encoder->forward(image).image_embeddings;
  encoder->train();
  EXPECT_TRUE(torch::equal(encoder->forward(image).image_embeddings, before));
  EXPECT_EQ(encoder->named_buffers()["patch_embed.seq.0.bn.num_batches_tracked"].item<int64_t>(), 0);
}

TEST(TinyVit, TrainsEveryParameter) {
  TinyVit encoder(small_options());
  randomize(*encoder);
  encoder->to(torch::kFloat64);
  const auto image = torch::randn({1, 3, 64, 64}, torch::kFloat64);
  const auto loss = [&] {
    const ImageFeatures features = encoder->forward(image);
    return features.image_embeddings.sin().sum() + features.interm_embeddings[0].square().sum();
  };
  loss().backward();
  for (auto& item : encoder->named_parameters()) {
    auto flat = item.value().detach().view(-1);
    const double analytic = item.value().grad().view(-1)[0].item<double>();
    torch::NoGradGuard no_grad;
    const double step = 1e-6;
    flat[0] += step;
    const double above = loss().item<double>();
    flat[0] -= 2 * step;
    const double below = loss().item<double>();
    flat[0] += step;
    const double numeric = (above - below) / (2 * step);
    EXPECT_NEAR(analytic, numeric, 1e-4 * std::max(1.0, std::abs(numeric))) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
  }
}

TEST(TinyVit, RefusesAnotherInputSize) {
  TinyVit encoder(small_options());
  EXPECT_THROW(encoder->forward(torch::zeros({1, 3, 64, 128})), Error);
}

TEST(TinyVitOptions, NameTheWrongField) {
  const auto message = [](auto change) {
    TinyVitOptions options;
    change(options);
    try {
      options.validate();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message([](TinyVitOptions&) {}), "");
  EXPECT_NE(message([](TinyVitOptions& options) { options.image_size = 100; }).find("image_size"), std::string::npos);
  EXPECT_NE(message([](TinyVitOptions& options) { options.num_heads[2] = 7; }).find("num_heads"), std::string::npos);
  EXPECT_NE(message([](TinyVitOptions& options) { options.embed_dims[3] = 300; }).find("320"), std::string::npos);
}

TEST(Architecture, RecognisesTinyVitFromShapes) {
  SamHqOptions small = micro();
  small.image_encoder = small_options();
  small.set_image_size(64);
  small.prompt_encoder.embed_dim = 16;
  small.mask_decoder.transformer.embedding_dim = 16;
  small.mask_decoder.vit_dim = 8;
  SamHq model(small);
  TensorMap map;
  for (const auto& [key, tensor] : named_tensors(model)) map.set(key, tensor);
  TinyVitOptions expected = small_options();
  expected.num_heads[0] = TinyVitOptions().num_heads[0];  // stage 0 has no heads and windows
  expected.window_sizes[0] = TinyVitOptions().window_sizes[0];
  map.metadata[kImageSizeMetadata] = "64";
  EXPECT_EQ(std::get<TinyVitOptions>(architecture_of(map).image_encoder), expected);
  expected.image_size = 1024;
  map.metadata.clear();
  EXPECT_EQ(std::get<TinyVitOptions>(architecture_of(map).image_encoder), expected);
  map.metadata[kImageSizeMetadata] = "64 pixels";
  EXPECT_THROW(architecture_of(map), Error);
}

}  // namespace hqsam
