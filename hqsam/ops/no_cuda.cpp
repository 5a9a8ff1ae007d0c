// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/cuda_kernels.h"

namespace hqsam::cuda {
namespace {
constexpr const char* kMissing = "this build has no CUDA kernels";
}

bool have_kernels() { return false; }
bool runs_on(int) { return false; }
bool takes_rel_pos_attention(int64_t, int64_t, int64_t) { return false; }
const char* rel_pos_attention(const RelPosAttentionArgs&, void*) { return kMissing; }
bool takes_add_layer_norm(int64_t) { return false; }
const char* add_layer_norm(const AddLayerNormArgs&, void*) { return kMissing; }

}  // namespace hqsam::cuda
