// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/resize_checkpoint.h"

#include <algorithm>
#include <cmath>

#include "golden.h"
#include "hqsam/core/error.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/unfilled.h"
#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam {
using namespace testing_support;

namespace {

constexpr const char* kPosEmbed = "image_encoder.pos_embed";

TensorMap source() { return golden("sam_hq_micro.pth"); }
SamHqOptions source_options() { return inspect_checkpoint(source()).options; }

// Cubic convolution with a = -0.75 between values, those at the border repeated.
double cubic_at(const torch::Tensor& values, double x) {
  const auto kernel = [](double d) {
    constexpr double a = -0.75;
    d = std::abs(d);
    return d < 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  };
  const auto left = static_cast<int64_t>(std::floor(x));
  double sum = 0;
  for (int64_t i = left - 1; i <= left + 2; ++i) {
    sum += kernel(x - static_cast<double>(i)) * values[std::clamp<int64_t>(i, 0, values.size(0) - 1)].item<double>();
  }
  return sum;
}

}  // namespace

TEST(ResizeCheckpoint, InterpolatesThePositionEmbeddingBicubically) {
  TensorMap map = source();
  const int64_t before = source_options().grid(), patch = source_options().image_size() / before;
  const auto values = torch::arange(before, torch::kFloat32).square();
  map.set(kPosEmbed, values.view({1, 1, before, 1}).expand_as(map.at(kPosEmbed)).contiguous());
  for (const int64_t grid : {before / 2, before + 4, 2 * before}) {  // smaller without antialiasing: four taps too
    const auto resized = resize_checkpoint(map, source_options(), patch * grid).at(kPosEmbed);
    ASSERT_EQ(resized.sizes(), (torch::IntArrayRef{1, grid, grid, map.at(kPosEmbed).size(3)}));
    for (int64_t x = 0; x < grid; ++x) {
      const double scale = static_cast<double>(before) / static_cast<double>(grid);
      const auto expected = torch::full({grid}, cubic_at(values, (x + 0.5) * scale - 0.5));
      expect_close(resized[0].select(1, x).select(1, 0), expected.to(torch::kFloat32), 1e-5, std::to_string(x));
    }
  }
}

TEST(ResizeCheckpoint, ResizesTablesOfGlobalBlocksOnly) {
  const TensorMap map = source();
  const SamHqOptions options = source_options();
  const auto& encoder = std::get<ImageEncoderVitOptions>(options.image_encoder);
  const int64_t grid = options.grid() + 4;
  const TensorMap resized = resize_checkpoint(map, options, encoder.patch_size * grid);
  for (const auto& [key, tensor] : map.tensors) {
    const auto& other = resized.at(key);
    if (key == kPosEmbed) continue;
    bool global = false;
    for (int64_t block : encoder.global_attn_indexes) {
      global = global || key.starts_with(fmt::format("image_encoder.blocks.{}.attn.rel_pos_", block));
    }
    if (global) {  // as SAM interpolates when it runs
      EXPECT_EQ(other.size(0), 2 * grid - 1) << key;
      expect_close(get_rel_pos(grid, grid, other), get_rel_pos(grid, grid, tensor), 1e-6, key);
    } else {
      EXPECT_TRUE(torch::equal(other, tensor)) << key;
    }
  }
}

TEST(ResizeCheckpoint, GivesANativeModelOfThatSize) {
  for (const int64_t size : {64, 96, 256}) {
    SamHq model = load_sam_hq(golden_path("sam_hq_micro.pth"), {.image_size = size});
    EXPECT_EQ(model->image_size(), size);
    EXPECT_EQ(model->mask_input_size(), size / 4);
    torch::NoGradGuard no_grad;
    const ImageFeatures features = model->encode(torch::rand({1, 3, size, size / 2}) * 255);
    EXPECT_EQ(features.image_embeddings.size(2), size / 16);
    EXPECT_EQ(model->mask_decoder->hq_features(features).size(2), size / 4);

    const CheckpointInfo info = inspect_checkpoint(checkpoint_of(model));
    EXPECT_EQ(info.options.image_size(), size);
    EXPECT_TRUE(info.missing.empty() && info.unknown.empty());
    SamHqOptions expected = source_options();
    expected.set_image_size(size);
    EXPECT_EQ(info.options.image_encoder, expected.image_encoder);
  }
}

TEST(ResizeCheckpoint, LeavesItsOwnSizeAlone) {
  const TensorMap map = source(), same = resize_checkpoint(map, source_options(), source_options().image_size());
  for (const auto& [key, tensor] : map.tensors) EXPECT_TRUE(torch::equal(same.at(key), tensor)) << key;
}

TEST(ResizeCheckpoint, ResizesTinyVitByItsInputAlone) {
  SamHq model = make_unfilled(vit_tiny());
  const TensorMap map = checkpoint_of(model);
  const TensorMap resized = resize_checkpoint(map, model->options(), 512);
  for (const auto& [key, tensor] : map.tensors) EXPECT_EQ(resized.at(key).data_ptr(), tensor.data_ptr()) << key;
  EXPECT_EQ(inspect_checkpoint(resized).options.image_size(), 512);
  EXPECT_EQ(inspect_checkpoint(resized).architecture, "vit_tiny");
}

TEST(ResizeCheckpoint, RefusesSizesTheEncoderCannotHave) {
  try {
    resize_checkpoint(source(), source_options(), 200);
    FAIL() << "expected an Error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("image_size must be a positive multiple"), std::string::npos);
  }
  EXPECT_THROW(resize_checkpoint(source(), source_options(), 0), Error);
}

}  // namespace hqsam
