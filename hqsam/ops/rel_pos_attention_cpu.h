// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/ops/rel_pos_attention.h"

namespace hqsam {

// Whether this CPU and these sizes are for rel_pos_attention_tiled: AVX-512 (for bf16 with bf16 products or AMX), fp32
// or bf16, heads of a multiple of 16 channels.
bool takes_tiled_attention(const RelPosAttentionInput& input);

// rel_pos_attention by tiles of queries against tiles of keys, with a running softmax: keys and values are brought into
// the products' order once, relative positions are added within the cache, windows are addresses. Products are oneDNN's
// micro-kernels, through libtorch.
torch::Tensor rel_pos_attention_tiled(const RelPosAttentionInput& input);

}  // namespace hqsam
