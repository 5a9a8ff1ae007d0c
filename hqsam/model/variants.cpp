// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {
namespace {

// Kirillov et al., Segment Anything, ICCV 2023; sizes as in its released checkpoints.
SamHqOptions vit(int64_t embed_dim, int64_t depth, int64_t num_heads, std::vector<int64_t> global_attn_indexes) {
  SamHqOptions options;
  options.image_encoder.embed_dim = embed_dim;
  options.image_encoder.depth = depth;
  options.image_encoder.num_heads = num_heads;
  options.image_encoder.mlp_dim = 4 * embed_dim;
  options.image_encoder.global_attn_indexes = std::move(global_attn_indexes);
  options.mask_decoder.vit_dim = embed_dim;
  return options;
}

struct Variant {
  const char* name;
  SamHqOptions (*make)();
};
constexpr Variant kVariants[] = {{"vit_b", vit_b}, {"vit_l", vit_l}, {"vit_h", vit_h}, {"micro", micro}};

}  // namespace

SamHqOptions vit_b() { return vit(768, 12, 12, {2, 5, 8, 11}); }
SamHqOptions vit_l() { return vit(1024, 24, 16, {5, 11, 17, 23}); }
SamHqOptions vit_h() { return vit(1280, 32, 16, {7, 15, 23, 31}); }

SamHqOptions micro() {
  SamHqOptions options = vit(192, 6, 3, {2, 5});
  options.image_encoder.image_size = 512;
  options.image_encoder.out_chans = 128;
  options.image_encoder.window_size = 8;
  options.prompt_encoder.embed_dim = 128;
  options.prompt_encoder.image_size = 512;
  options.prompt_encoder.grid = 32;
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
  std::vector<std::string> names;
  for (const Variant& variant : kVariants) {
    if (name == variant.name) return variant.make();
    names.emplace_back(variant.name);
  }
  fail("variant_by_name", "model.variant is one of {}, got '{}'{}", fmt::join(names, ", "), name,
       did_you_mean(name, names));
}

std::string variant_name(const SamHqOptions& options) {
  const auto& found = options.image_encoder;
  for (const Variant& variant : kVariants) {
    const SamHqOptions known = variant.make();
    const auto& encoder = known.image_encoder;
    if (encoder.embed_dim == found.embed_dim && encoder.depth == found.depth && encoder.num_heads == found.num_heads &&
        encoder.patch_size == found.patch_size && encoder.window_size == found.window_size &&
        encoder.global_attn_indexes == found.global_attn_indexes && encoder.out_chans == found.out_chans) {
      return variant.name;
    }
  }
  return "custom";
}

}  // namespace hqsam
