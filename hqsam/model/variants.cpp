// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {
namespace {

// Kirillov et al., Segment Anything, ICCV 2023; sizes as in its released checkpoints.
SamHqOptions vit(int64_t embed_dim, int64_t depth, int64_t num_heads, std::vector<int64_t> global_attn_indexes) {
  ImageEncoderVitOptions encoder;
  encoder.embed_dim = embed_dim;
  encoder.depth = depth;
  encoder.num_heads = num_heads;
  encoder.mlp_dim = 4 * embed_dim;
  encoder.global_attn_indexes = std::move(global_attn_indexes);
  SamHqOptions options;
  options.image_encoder = std::move(encoder);
  options.mask_decoder.vit_dim = embed_dim;
  return options;
}

struct Variant {
  const char* name;
  SamHqOptions (*make)();
};
constexpr Variant kVariants[] = {
    {"vit_b", vit_b}, {"vit_l", vit_l}, {"vit_h", vit_h}, {"vit_tiny", vit_tiny}, {"micro", micro}};

// Options without input size, epsilons and classifier, for comparison.
ImageEncoderVitOptions core_of(ImageEncoderVitOptions options) {
  options.image_size = 0;
  options.layer_norm_eps = 0;
  return options;
}
TinyVitOptions core_of(TinyVitOptions options) {
  options.image_size = options.num_classes = 0;
  return options;
}

bool same_architecture(const ImageEncoderOptions& a, const ImageEncoderOptions& b) {
  const auto core = [](const auto& options) { return ImageEncoderOptions(core_of(options)); };
  return std::visit(core, a) == std::visit(core, b);
}

}  // namespace

SamHqOptions vit_b() { return vit(768, 12, 12, {2, 5, 8, 11}); }
SamHqOptions vit_l() { return vit(1024, 24, 16, {5, 11, 17, 23}); }
SamHqOptions vit_h() { return vit(1280, 32, 16, {7, 15, 23, 31}); }

// Of Light HQ-SAM; the 1000 classes are ImageNet's, a head that its checkpoints carry.
SamHqOptions vit_tiny() {
  TinyVitOptions encoder;
  encoder.num_classes = 1000;
  SamHqOptions options;
  options.image_encoder = encoder;
  options.mask_decoder.vit_dim = encoder.early_width();
  return options;
}

SamHqOptions micro() {
  SamHqOptions options = vit(192, 6, 3, {2, 5});
  auto& encoder = std::get<ImageEncoderVitOptions>(options.image_encoder);
  encoder.out_chans = 128;
  encoder.window_size = 8;
  options.set_image_size(512);
  options.prompt_encoder.embed_dim = 128;
  options.mask_decoder.transformer.embedding_dim = 128;
  options.mask_decoder.transformer.mlp_dim = 512;
  options.mask_decoder.iou_head_hidden_dim = 128;
  return options;
}

SamHqOptions without_hq(SamHqOptions options) {
  options.mask_decoder.vit_dim = 0;
  return options;
}

SamHqOptions variant_by_name(const std::string& name) {
  for (const Variant& variant : kVariants) {
    if (name == variant.name) return variant.make();
  }
  const std::vector<std::string> names = variant_names();
  fail("variant_by_name", "model.variant is one of {}, got '{}'{}", fmt::join(names, ", "), name,
       did_you_mean(name, names));
}

std::vector<std::string> variant_names() {
  std::vector<std::string> names;
  for (const Variant& variant : kVariants) names.emplace_back(variant.name);
  return names;
}

std::string variant_name(const SamHqOptions& options) {
  for (const Variant& variant : kVariants) {
    if (same_architecture(variant.make().image_encoder, options.image_encoder)) return variant.name;
  }
  return "custom";
}

}  // namespace hqsam
