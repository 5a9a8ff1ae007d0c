// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// A relative-position table [L,C] as one of `length` rows: interpolated linearly, without aligned corners.
torch::Tensor resize_rel_pos(const torch::Tensor& table, int64_t length);

// Rows of a relative-position table [L,C] for q_size queries and k_size keys -> [q_size, k_size, C].
// A table of another length is resized.
torch::Tensor get_rel_pos(int64_t q_size, int64_t k_size, const torch::Tensor& table);

struct RelPosAttentionInput {
  torch::Tensor qkv;                   // [B,H,W,3C] of all tokens, windows not cut out yet; H = W
  torch::Tensor padding;               // [3C], the same of a token beyond the picture: the qkv layer's bias
  torch::Tensor rel_pos_h, rel_pos_w;  // [2*window-1, C/heads]; of another length they are resized
  int64_t heads = 1;
  int64_t window = 1;  // tokens a side; H: one window, global attention
};

// Multi-head attention within windows, with decomposed relative positions (Li et al., ViTDet, ECCV 2022, as in SAM):
// softmax(q.k / sqrt(d) + q.r_h + q.r_w) v -> [B,H,W,C]. The picture's right and bottom windows reach beyond it.
torch::Tensor rel_pos_attention(const RelPosAttentionInput& input);

// How rel_pos_attention does it where no gradient is wanted: by one kernel in bfloat16 on CUDA, for the sizes of SAM's
// ViTs; by tiles on a CPU that has what they need (rel_pos_attention_cpu.h). By plain operations elsewhere.
bool is_fused(const RelPosAttentionInput& input);
torch::Tensor rel_pos_attention_plain(const RelPosAttentionInput& input);

}  // namespace hqsam
