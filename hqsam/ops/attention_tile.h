// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hqsam {

// One tile of attention on a CPU with AVX-512, between its two matrix products: plain pointers, and no libtorch, so
// that only these functions are compiled for such a CPU.

// Queries against keys that are rows of a grid. In the pass over the keys, maximum and sum are those of the tiles so
// far, and accumulator is rescaled where a tile raises the maximum.
struct AttentionTile {
  float* logits = nullptr;  // [queries, stride] q.k; probabilities out, in place: fp32, or bf16 at the rows' begins
  int64_t stride = 0;       // numbers (fp32) from row to row, at least key_rows * side; the rest becomes 0
  int64_t queries = 0, key_rows = 0, side = 0;
  const float* const* rel_h = nullptr;  // by query: [key_rows] of this tile
  const float* const* rel_w = nullptr;  // by query: [side]
  float scale = 1;
  float* maximum = nullptr;      // [queries]
  float* sum = nullptr;          // [queries]
  float* accumulator = nullptr;  // [queries, head_dim]
  int64_t head_dim = 0;          // a multiple of 16
  bool first = false;            // no tile came before
};

// Whether this CPU has what the functions below need.
bool has_attention_tile();

// logits -> exp(scale * logits + rel_h + rel_w - maximum), unnormalized.
void softmax_tile(const AttentionTile& tile);       // fp32
void softmax_tile_bf16(const AttentionTile& tile);  // rounded to bf16, two bytes each

// numbers[i] / sum -> out, fp32 or bf16 (as two bytes each, rounded to nearest). count: a multiple of 16.
void divide_by(float sum, const float* numbers, int64_t count, float* out);
void divide_by(float sum, const float* numbers, int64_t count, uint16_t* out);

}  // namespace hqsam
