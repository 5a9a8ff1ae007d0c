// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// hqsam's own CUDA kernels, for GPUs of compute capability 8.0 and above. Plain pointers, so that the CUDA compiler
// does not read libtorch's headers; the files of the ops have the checks. Each launcher puts its kernel on the stream
// (a cudaStream_t) and returns nullptr, or CUDA's words for what went wrong.
namespace hqsam::cuda {

// False in a build without the CUDA compiler; the launchers then do nothing and say so.
bool have_kernels();
// Whether this GPU can run them.
bool runs_on(int device);

struct RelPosAttentionArgs {
  const void* qkv;      // bfloat16 [batch, height, width, 3, heads, head_dim]
  const void* padding;  // bfloat16 [3, heads, head_dim], a token beyond the picture
  const void* rel_pos_h;
  const void* rel_pos_w;  // bfloat16 [2 * window - 1, head_dim] each
  void* out;              // bfloat16 [batch, height, width, heads, head_dim]
  int batch, height, width, heads, head_dim, window;
};
bool takes_rel_pos_attention(int64_t head_dim, int64_t window, int64_t windows);  // windows: of the whole batch
const char* rel_pos_attention(const RelPosAttentionArgs& args, void* stream);

struct AddLayerNormArgs {
  const float* x;     // [rows, channels]
  const void* delta;  // bfloat16 [rows, channels], or null
  const float* weight;
  const float* bias;  // [channels] each
  float* sum;         // [rows, channels]; unused without delta
  void* normed;       // bfloat16 [rows, channels]
  int64_t rows;
  int channels;
  float eps;
};
bool takes_add_layer_norm(int64_t channels);
const char* add_layer_norm(const AddLayerNormArgs& args, void* stream);

}  // namespace hqsam::cuda
