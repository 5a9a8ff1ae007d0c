// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// hqsam's own kernels for CPUs with AVX-512. Plain pointers and no libtorch, so that these functions alone are compiled
// for such a CPU; the files of the ops have the checks and the threads. bf16 is two bytes, rounded to nearest.
namespace hqsam::cpu {

inline constexpr int64_t kLanes = 16;  // fp32 numbers in a register

// Whether this CPU can run them.
bool runs_here();

// One tile of attention, between its two matrix products. Queries against keys that are rows of a grid. In the pass
// over the keys, maximum and sum are those of the tiles so far, and accumulator is rescaled where a tile raises the
// maximum.
struct AttentionTile {
  float* logits = nullptr;  // [queries, stride] q.k; probabilities out, in place: fp32, or bf16 at the rows' begins
  int64_t stride = 0;       // numbers (fp32) from row to row, at least key_rows * side; the rest becomes 0
  int64_t queries = 0, key_rows = 0, side = 0;
  int64_t first_key_row = 0;            // of the tile, in the grid
  const float* const* rel_h = nullptr;  // by query: [side], of the grid's rows
  const float* const* rel_w = nullptr;  // by query: [side], of its columns
  float scale = 1;
  float* maximum = nullptr;      // [queries]
  float* sum = nullptr;          // [queries]
  float* accumulator = nullptr;  // [queries, head_dim]
  int64_t head_dim = 0;          // a multiple of kLanes

  bool first() const { return first_key_row == 0; }  // no tile came before
};

// logits -> exp(scale * logits + rel_h + rel_w - maximum), unnormalized.
void softmax_tile(const AttentionTile& tile);  // fp32
void softmax_tile_bf16(const AttentionTile& tile);

// numbers[i] / sum -> out. count: a multiple of kLanes.
void divide_by(float sum, const float* numbers, int64_t count, float* out);
void divide_by(float sum, const float* numbers, int64_t count, uint16_t* out);

// x + delta -> sum, and its layer norm -> normed, of rows [rows, channels]; channels: a multiple of kLanes. Of normed
// the fp32 or the bf16 one is set, of delta at most one; without it sum is not written.
struct AddLayerNormRows {
  const float* x = nullptr;
  const float* delta = nullptr;
  const uint16_t* delta_bf16 = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;  // [channels] each
  float* sum = nullptr;
  float* normed = nullptr;
  uint16_t* normed_bf16 = nullptr;
  int64_t rows = 0, channels = 0;
  float eps = 0;
};
void add_layer_norm(const AddLayerNormRows& args);

}  // namespace hqsam::cpu
