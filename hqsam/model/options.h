// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "hqsam/model/hq_options.h"

// What a model is made of, without its tensors.
namespace hqsam {

// Options of SAM's ViT image encoder. Defaults are ViT-B's.
struct ImageEncoderVitOptions {
  int64_t image_size = 1024;  // pixels, square input
  int64_t patch_size = 16;    // pixels
  int64_t embed_dim = 768;    // channels
  int64_t depth = 12;         // blocks
  int64_t num_heads = 12;
  int64_t mlp_dim = 3072;                                    // channels
  int64_t out_chans = 256;                                   // channels of the embedding
  int64_t window_size = 14;                                  // tokens a side
  std::vector<int64_t> global_attn_indexes = {2, 5, 8, 11};  // the other blocks attend in windows
  double layer_norm_eps = 1e-6;                              // of the blocks' norms

  int64_t grid() const { return image_size / patch_size; }  // tokens a side
  int64_t early_width() const { return embed_dim; }         // channels of interm_embeddings
  void validate() const;                                    // throws Error naming the field
  bool operator==(const ImageEncoderVitOptions&) const = default;
};

// Options of TinyViT (Wu et al., ECCV 2022) as Light HQ-SAM's image encoder. Four stages; stage 0 convolves, the
// others attend in windows, so their first numbers of heads and window sizes are unused. Defaults are vit_tiny's.
struct TinyVitOptions {
  int64_t image_size = 1024;                                // pixels, square input
  std::array<int64_t, 4> embed_dims = {64, 128, 160, 320};  // channels
  std::array<int64_t, 4> depths = {2, 2, 6, 2};             // blocks
  std::array<int64_t, 4> num_heads = {2, 4, 5, 10};
  std::array<int64_t, 4> window_sizes = {7, 7, 14, 7};  // tokens a side
  double mlp_ratio = 4;                                 // hidden channels of a block's MLP, of its channels
  double expand_ratio = 4;                              // hidden channels of stage 0's blocks, likewise
  int64_t out_chans = 256;                              // channels of the embedding
  int64_t num_classes = 0;  // of the classifier that checkpoints bring along, unused; 0 = none

  int64_t grid() const { return image_size / 16; }       // tokens a side of the embedding
  int64_t early_width() const { return embed_dims[2]; }  // channels of stage 1's output
  // Merging 2x2 tokens between stages halves the grid, and SAM's decoder wants one of 1/16: the last merging, told by
  // its width in the 5, 11 and 21 M models, keeps the resolution.
  static bool keeps_resolution(int64_t out_width) { return out_width == 320 || out_width == 448 || out_width == 576; }
  void validate() const;  // throws Error naming the field
  bool operator==(const TinyVitOptions&) const = default;
};

struct PromptEncoderOptions {
  int64_t embed_dim = 256;       // channels
  int64_t image_size = 1024;     // pixels, the frame of points and boxes
  int64_t grid = 64;             // image embedding, tokens a side
  int64_t mask_in_chans = 16;    // channels in the mask branch
  double layer_norm_eps = 1e-6;  // of the mask branch's norms
};

struct TwoWayTransformerOptions {
  int64_t depth = 2;            // layers
  int64_t embedding_dim = 256;  // channels
  int64_t num_heads = 8;
  int64_t mlp_dim = 2048;        // channels
  int64_t downsample_rate = 2;   // of the channels inside cross attention
  double layer_norm_eps = 1e-5;  // SAM's; transformers' SamHQ has 1e-6
  double final_norm_eps = 1e-5;
};

struct MaskDecoderOptions {
  TwoWayTransformerOptions transformer;  // its embedding_dim is the decoder's width C
  int64_t num_multimask_outputs = 3;
  int64_t iou_head_depth = 3;         // layers
  int64_t iou_head_hidden_dim = 256;  // channels
  int64_t vit_dim = 768;              // channels of the early feature; 0 = SAM without HQ modules
  HqOptions hq;                       // which HQ modules there are, where vit_dim is set
  // What transformers' SamHQModel does (5.23 and before): in HQ passes masks are upscaled from the image embedding as
  // it was before the two-way transformer, its rows and columns swapped. SysCV's code upscales the transformer's
  // output.
  bool like_transformers = false;

  // The position among the output tokens of that which gives the HQ mask.
  int64_t hq_token() const { return hq.token == HqToken::kContext ? 1 : num_multimask_outputs + 2; }
};

using ImageEncoderOptions = std::variant<ImageEncoderVitOptions, TinyVitOptions>;

struct SamHqOptions {
  ImageEncoderOptions image_encoder;
  PromptEncoderOptions prompt_encoder;
  MaskDecoderOptions mask_decoder;
  std::array<double, 3> pixel_mean = {123.675, 116.28, 103.53};  // RGB, of 0..255 (ImageNet's)
  std::array<double, 3> pixel_std = {58.395, 57.12, 57.375};

  // Whatever the image encoder:
  int64_t image_size() const;   // pixels, square input
  int64_t grid() const;         // tokens a side of the image embedding
  int64_t early_width() const;  // channels of the early feature, MaskDecoderOptions::vit_dim with HQ modules
  void set_image_size(int64_t pixels);
  void validate() const;
};

}  // namespace hqsam
