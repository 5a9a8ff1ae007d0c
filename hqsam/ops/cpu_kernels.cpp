// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/cpu_kernels.h"

#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include "hqsam/ops/avx512.h"

namespace hqsam::cpu {
namespace {

// A row's logits with scale and relative positions, in place; returns the largest.
HQSAM_AVX512 float add_positions(const AttentionTile& tile, float* row, const float* rel_h, const float* rel_w) {
  const __m512 scale = _mm512_set1_ps(tile.scale);
  const __m512 lowest = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  __m512 largest = lowest;
  for (int64_t column = 0; column < tile.side; column += kLanes) {
    const __mmask16 lanes = first_lanes(tile.side - column);
    const __m512 of_column = _mm512_maskz_loadu_ps(lanes, rel_w + column);
    for (int64_t key_row = 0; key_row < tile.key_rows; ++key_row) {
      float* at = row + key_row * tile.side + column;
      const __m512 added = _mm512_add_ps(of_column, _mm512_set1_ps(rel_h[key_row]));
      const __m512 logit = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, at), scale, added);
      _mm512_mask_storeu_ps(at, lanes, logit);
      largest = _mm512_mask_max_ps(largest, lanes, largest, logit);
    }
  }
  return _mm512_reduce_max_ps(largest);
}

template <bool kBf16>
HQSAM_AVX512 float exponentiate(const AttentionTile& tile, float* row, float maximum) {
  const int64_t keys = tile.key_rows * tile.side;
  const __m512 shift = _mm512_set1_ps(maximum);
  __m512 sum = _mm512_setzero_ps();
  auto* halves = reinterpret_cast<uint16_t*>(row);
  for (int64_t key = 0; key < tile.stride; key += kLanes) {
    const __mmask16 lanes = key < keys ? first_lanes(keys - key) : __mmask16{0};
    const __m512 logit = _mm512_maskz_loadu_ps(lanes, row + key);
    const __m512 share = _mm512_maskz_mov_ps(lanes, exp_of(_mm512_sub_ps(logit, shift)));
    sum = _mm512_add_ps(sum, share);
    const __mmask16 stored = first_lanes(tile.stride - key);
    if constexpr (kBf16) {
      _mm256_mask_storeu_epi16(halves + key, stored, to_bf16(share));
    } else {
      _mm512_mask_storeu_ps(row + key, stored, share);
    }
  }
  return _mm512_reduce_add_ps(sum);
}

// exp(before - now), and the accumulator's row times it.
HQSAM_AVX512 float rescale(float before, float now, float* accumulator, int64_t count) {
  const __m512 factor = exp_of(_mm512_set1_ps(before - now));
  for (int64_t i = 0; i < count; i += kLanes) {
    _mm512_storeu_ps(accumulator + i, _mm512_mul_ps(_mm512_loadu_ps(accumulator + i), factor));
  }
  return _mm512_cvtss_f32(factor);
}

template <bool kBf16>
HQSAM_AVX512 void softmax_rows(const AttentionTile& tile) {
  for (int64_t query = 0; query < tile.queries; ++query) {
    float* row = tile.logits + query * tile.stride;
    float maximum = add_positions(tile, row, tile.rel_h[query] + tile.first_key_row, tile.rel_w[query]);
    float sum = 0;
    if (!tile.first()) {
      const float before = tile.maximum[query];
      sum = tile.sum[query];
      if (maximum > before) {
        sum *= rescale(before, maximum, tile.accumulator + query * tile.head_dim, tile.head_dim);
      } else {
        maximum = before;
      }
    }
    tile.maximum[query] = maximum;
    tile.sum[query] = sum + exponentiate<kBf16>(tile, row, maximum);
  }
}

HQSAM_AVX512 void add_delta(const AddLayerNormRows& args, int64_t begin, float* sums) {
  for (int64_t i = 0; i < args.channels; i += kLanes) {
    const __m512 delta =
        args.delta != nullptr ? _mm512_loadu_ps(args.delta + begin + i) : from_bf16(args.delta_bf16 + begin + i);
    _mm512_storeu_ps(sums + i, _mm512_add_ps(_mm512_loadu_ps(args.x + begin + i), delta));
  }
}

HQSAM_AVX512 float mean_of(const float* numbers, int64_t count) {
  __m512 total = _mm512_setzero_ps();
  for (int64_t i = 0; i < count; i += kLanes) total = _mm512_add_ps(total, _mm512_loadu_ps(numbers + i));
  return _mm512_reduce_add_ps(total) / static_cast<float>(count);
}

HQSAM_AVX512 float variance_of(const float* numbers, int64_t count, float mean) {
  const __m512 centre = _mm512_set1_ps(mean);
  __m512 total = _mm512_setzero_ps();
  for (int64_t i = 0; i < count; i += kLanes) {
    const __m512 apart = _mm512_sub_ps(_mm512_loadu_ps(numbers + i), centre);
    total = _mm512_fmadd_ps(apart, apart, total);
  }
  return _mm512_reduce_add_ps(total) / static_cast<float>(count);
}

HQSAM_AVX512 void normalize(const AddLayerNormRows& args, int64_t begin, const float* numbers) {
  const float mean = mean_of(numbers, args.channels), variance = variance_of(numbers, args.channels, mean);
  const __m512 centre = _mm512_set1_ps(mean), scale = _mm512_set1_ps(1 / std::sqrt(variance + args.eps));
  for (int64_t i = 0; i < args.channels; i += kLanes) {
    const __m512 unit = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(numbers + i), centre), scale);
    const __m512 value = _mm512_fmadd_ps(unit, _mm512_loadu_ps(args.weight + i), _mm512_loadu_ps(args.bias + i));
    if (args.normed != nullptr) {
      _mm512_storeu_ps(args.normed + begin + i, value);
    } else {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(args.normed_bf16 + begin + i), to_bf16(value));
    }
  }
}

}  // namespace

bool runs_here() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

void softmax_tile(const AttentionTile& tile) { softmax_rows<false>(tile); }
void softmax_tile_bf16(const AttentionTile& tile) { softmax_rows<true>(tile); }

HQSAM_AVX512 void divide_by(float sum, const float* numbers, int64_t count, float* out) {
  const __m512 factor = _mm512_set1_ps(1 / sum);
  for (int64_t i = 0; i < count; i += kLanes) {
    _mm512_storeu_ps(out + i, _mm512_mul_ps(_mm512_loadu_ps(numbers + i), factor));
  }
}

HQSAM_AVX512 void divide_by(float sum, const float* numbers, int64_t count, uint16_t* out) {
  const __m512 factor = _mm512_set1_ps(1 / sum);
  for (int64_t i = 0; i < count; i += kLanes) {
    const __m256i halves = to_bf16(_mm512_mul_ps(_mm512_loadu_ps(numbers + i), factor));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), halves);
  }
}

void add_layer_norm(const AddLayerNormRows& args) {
  const bool adds = args.delta != nullptr || args.delta_bf16 != nullptr;
  for (int64_t begin = 0; begin < args.rows * args.channels; begin += args.channels) {
    if (adds) add_delta(args, begin, args.sum + begin);
    normalize(args, begin, (adds ? args.sum : args.x) + begin);
  }
}

}  // namespace hqsam::cpu

#else  // other processors take the plain road

namespace hqsam::cpu {

bool runs_here() { return false; }
void softmax_tile(const AttentionTile&) {}
void softmax_tile_bf16(const AttentionTile&) {}
void divide_by(float, const float*, int64_t, float*) {}
void divide_by(float, const float*, int64_t, uint16_t*) {}
void add_layer_norm(const AddLayerNormRows&) {}

}  // namespace hqsam::cpu

#endif
