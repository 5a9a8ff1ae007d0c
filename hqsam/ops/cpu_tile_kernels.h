// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hqsam/ops/cpu_kernels.h"

// Kernels of the mask decoder and of TinyViT, of the kind of cpu_kernels.h: what happens between the products of a
// tile. Numbers come as fp32 from the products and go as T into the next ones: float, or uint16_t for bf16. All counts
// of columns and channels are multiples of kLanes.
namespace hqsam::cpu {

inline constexpr int64_t kMostChannels = 1024;  // of a row, and columns

// kLanes tokens of a picture.
template <class T>
struct TokenBlock {
  const float* embedding = nullptr;  // [kLanes, channels]
  const float* position = nullptr;   // [kLanes, channels]
  const float* dense = nullptr;      // [channels, dense_stride], plane after plane, from the block's first token on
  int64_t dense_stride = 0;
  bool dense_is_plain = false;  // one number a channel, for all tokens
  int64_t channels = 0;
  T* keys = nullptr;    // [kLanes, channels]: embedding + dense
  T* placed = nullptr;  // the same + position
};
template <class T>
void lay_tokens(const TokenBlock<T>& block);

// Softmax of each row's columns c, c + heads, c + 2 heads, ... after adding offsets [columns] to it. heads divides
// kLanes.
template <class T>
void softmax_by_head(const float* logits, const float* offsets, int64_t rows, int64_t columns, int64_t heads, T* out);

// Softmax of each column over the rows without its division: exp(logit - largest) -> out, transposed, [columns, rows];
// rows: a multiple of kLanes. largest and sum: [columns]. Overwrites logits.
template <class T>
void softmax_of_columns(float* logits, int64_t rows, int64_t columns, T* out, float* largest, float* sum);

// Joins what softmax_of_columns and the product behind it made of `parts` parts of the rows, each part's [columns],
// [columns], [columns, channels] one behind the other, to out [columns, channels].
void join_softmax(const float* largest, const float* sum, const float* product, int64_t parts, int64_t columns,
                  int64_t channels, float* out);

// LayerNorm(x + delta + bias) -> normed, and that plus position -> placed, of rows [rows, channels].
template <class T>
struct AddNormRows {
  const T* x = nullptr;
  const float* delta = nullptr;
  const float* bias = nullptr;  // [channels], as are weight and shift
  const float* weight = nullptr;
  const float* shift = nullptr;
  const float* position = nullptr;  // [rows, channels]
  T* normed = nullptr;
  T* placed = nullptr;
  int64_t rows = 0, channels = 0;
  float eps = 0;
};
template <class T>
void add_norm(const AddNormRows<T>& args);

// GELU(x + bias), of rows [rows, channels].
template <class T>
void bias_gelu(const float* x, int64_t rows, int64_t channels, const float* bias, T* out);

// GELU(LayerNorm(x + bias)), of rows [rows, channels]. Overwrites x.
template <class T>
void bias_norm_gelu(float* x, int64_t rows, int64_t channels, const float* bias, const float* weight,
                    const float* shift, float eps, T* out);

// x + bias, or GELU(residual + x + bias), of rows [rows, channels].
template <class T>
void add_bias(const float* x, int64_t rows, int64_t channels, const float* bias, const T* residual, T* out);

// A row of pixels of a 3x3 depthwise convolution.
template <class T>
struct DepthwiseRow {
  const T* rows[3] = {};        // above, at and below it: [stride * (pixels - 1) + 3, channels], one pixel ahead
  const float* taps = nullptr;  // [9, channels]
  const float* bias = nullptr;  // [channels]
  int64_t pixels = 0, channels = 0, stride = 1;
  bool gelu = false;
  T* out = nullptr;  // [pixels, channels]
};
template <class T>
void depthwise_row(const DepthwiseRow<T>& args);

// [rows, kLanes] -> [kLanes, rows], rows a multiple of kLanes.
void transpose_lanes(const float* from, int64_t rows, float* to);

// out[i] += x[i]
void add_to(const float* x, int64_t count, float* out);

// Two rows of bf16 side by side: even, odd [columns] -> [columns, 2].
void interleave(const uint16_t* even, const uint16_t* odd, int64_t columns, uint16_t* out);

}  // namespace hqsam::cpu
