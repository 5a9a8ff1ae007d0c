// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/resize_checkpoint.h"

#include "hqsam/core/error.h"
#include "hqsam/model/architecture.h"
#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam {
namespace {

// [1,G,G,C] -> [1,grid,grid,C]
torch::Tensor resize_pos_embed(const torch::Tensor& embedding, int64_t grid) {
  return torch::upsample_bicubic2d(embedding.permute({0, 3, 1, 2}), {grid, grid}, /*align_corners=*/false)
      .permute({0, 2, 3, 1});
}

void resize_encoder(TensorMap& checkpoint, const ImageEncoderVitOptions& encoder, int64_t grid) {
  const auto change = [&](const std::string& key, auto&& resize) {
    const torch::Tensor& tensor = checkpoint.at(key);
    checkpoint.set(key, resize(tensor.to(torch::kFloat32)).contiguous().to(tensor.scalar_type()));
  };
  change("image_encoder.pos_embed", [&](const torch::Tensor& tensor) { return resize_pos_embed(tensor, grid); });
  for (const int64_t block : encoder.global_attn_indexes) {
    for (const char* axis : {"h", "w"}) {
      change(fmt::format("image_encoder.blocks.{}.attn.rel_pos_{}", block, axis),
             [&](const torch::Tensor& tensor) { return resize_rel_pos(tensor, 2 * grid - 1); });
    }
  }
}

void resize_encoder(TensorMap&, const TinyVitOptions&, int64_t) {}

}  // namespace

TensorMap resize_checkpoint(TensorMap checkpoint, const SamHqOptions& from, int64_t image_size) {
  SamHqOptions to = from;
  to.set_image_size(image_size);
  to.validate();
  torch::NoGradGuard no_grad;
  if (to.grid() != from.grid()) {
    std::visit([&](const auto& encoder) { resize_encoder(checkpoint, encoder, to.grid()); }, from.image_encoder);
  }
  checkpoint.metadata[kImageSizeMetadata] = std::to_string(image_size);
  return checkpoint;
}

}  // namespace hqsam
