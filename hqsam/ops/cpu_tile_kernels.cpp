// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/cpu_tile_kernels.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#if defined(__x86_64__)
#include "hqsam/ops/avx512.h"

namespace hqsam::cpu {
namespace {

// Lane i -> lane i + by.
HQSAM_AVX512 inline __m512 rotate(__m512 x, int64_t by) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_permutexvar_ps(_mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(by))), x);
}

// Transposes 16 rows of 16 numbers, `stride` apart, in registers.
HQSAM_AVX512 inline void transpose16(const float* from, int64_t stride, __m512 (&rows)[kLanes]) {
  __m512 a[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) a[i] = _mm512_loadu_ps(from + i * stride);
  for (int64_t i = 0; i < kLanes; i += 2) {
    rows[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
    rows[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
  }
  for (int64_t i = 0; i < kLanes; i += 4) {
    const auto pair = [&](int64_t j) HQSAM_AVX512 { return _mm512_castps_pd(rows[i + j]); };
    a[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(pair(0), pair(2)));
    a[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(pair(0), pair(2)));
    a[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(pair(1), pair(3)));
    a[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(pair(1), pair(3)));
  }
  // a[4 k + j] holds columns j, j + 4, j + 8, j + 12 of rows 4 k to 4 k + 3, a quarter each.
  for (int64_t j = 0; j < 4; ++j) {
    const __m512 first_low = _mm512_shuffle_f32x4(a[j], a[4 + j], 0x88);
    const __m512 first_high = _mm512_shuffle_f32x4(a[j], a[4 + j], 0xdd);
    const __m512 last_low = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0x88);
    const __m512 last_high = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0xdd);
    rows[j] = _mm512_shuffle_f32x4(first_low, last_low, 0x88);
    rows[8 + j] = _mm512_shuffle_f32x4(first_low, last_low, 0xdd);
    rows[4 + j] = _mm512_shuffle_f32x4(first_high, last_high, 0x88);
    rows[12 + j] = _mm512_shuffle_f32x4(first_high, last_high, 0xdd);
  }
}

// Sums of 16 vectors, one a lane.
HQSAM_AVX512 inline __m512 sums_of(const float (&vectors)[kLanes * kLanes]) {
  __m512 turned[kLanes];
  transpose16(vectors, kLanes, turned);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; ++i) turned[i] = _mm512_add_ps(turned[i], turned[i + half]);
  }
  return turned[0];
}

struct Moments {
  float mean[kLanes], scale[kLanes];
};

// Of 16 rows, or fewer, and what scales them to the deviation of one.
HQSAM_AVX512 inline void moments_of(const float* numbers, int64_t rows, int64_t channels, float eps, Moments& moments) {
  alignas(64) float vectors[kLanes * kLanes] = {};
  const __m512 part = _mm512_set1_ps(1 / static_cast<float>(channels));
  for (int64_t row = 0; row < rows; ++row) {
    __m512 sum = load(numbers + row * channels);
    for (int64_t i = kLanes; i < channels; i += kLanes) sum = _mm512_add_ps(sum, load(numbers + row * channels + i));
    store(vectors + row * kLanes, sum);
  }
  store(moments.mean, _mm512_mul_ps(sums_of(vectors), part));
  for (int64_t row = 0; row < rows; ++row) {
    const __m512 mean = _mm512_set1_ps(moments.mean[row]);
    __m512 sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < channels; i += kLanes) {
      const __m512 apart = _mm512_sub_ps(load(numbers + row * channels + i), mean);
      sum = _mm512_fmadd_ps(apart, apart, sum);
    }
    store(vectors + row * kLanes, sum);
  }
  const __m512 variance = _mm512_fmadd_ps(sums_of(vectors), part, _mm512_set1_ps(eps));
  store(moments.scale, _mm512_div_ps(_mm512_set1_ps(1), _mm512_sqrt_ps(variance)));
}

HQSAM_AVX512 inline __m512 normalized(__m512 x, __m512 mean, __m512 scale, const float* weight, const float* shift) {
  const __m512 unit = _mm512_mul_ps(_mm512_sub_ps(x, mean), scale);
  return _mm512_fmadd_ps(unit, load(weight), load(shift));
}

}  // namespace

template <class T>
HQSAM_AVX512 void lay_tokens(const TokenBlock<T>& block) {
  alignas(64) float plain[kLanes];
  for (int64_t first = 0; first < block.channels; first += kLanes) {
    __m512 dense[kLanes];
    const float* of_channels = block.dense + first * block.dense_stride;
    if (block.dense_is_plain) {
      for (int64_t i = 0; i < kLanes; ++i) plain[i] = of_channels[i * block.dense_stride];
      std::fill_n(dense, kLanes, load(plain));
    } else {
      transpose16(of_channels, block.dense_stride, dense);
    }
    for (int64_t i = 0; i < kLanes; ++i) {
      const int64_t at = i * block.channels + first;
      const __m512 key = _mm512_add_ps(load(block.embedding + at), dense[i]);
      store(block.keys + at, key);
      store(block.placed + at, _mm512_add_ps(key, load(block.position + at)));
    }
  }
}

template <class T>
HQSAM_AVX512 void softmax_by_head(const float* logits, const float* offsets, int64_t rows, int64_t columns,
                                  int64_t heads, T* out) {
  float shares[kMostChannels];
  for (int64_t row = 0; row < rows; ++row, logits += columns, out += columns) {
    __m512 largest = _mm512_add_ps(load(logits), load(offsets));
    for (int64_t i = kLanes; i < columns; i += kLanes) {
      largest = _mm512_max_ps(largest, _mm512_add_ps(load(logits + i), load(offsets + i)));
    }
    for (int64_t by = heads; by < kLanes; by *= 2) largest = _mm512_max_ps(largest, rotate(largest, by));
    __m512 sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < columns; i += kLanes) {
      const __m512 share = exp_of(_mm512_sub_ps(_mm512_add_ps(load(logits + i), load(offsets + i)), largest));
      store(shares + i, share);
      sum = _mm512_add_ps(sum, share);
    }
    for (int64_t by = heads; by < kLanes; by *= 2) sum = _mm512_add_ps(sum, rotate(sum, by));
    const __m512 factor = _mm512_div_ps(_mm512_set1_ps(1), sum);
    for (int64_t i = 0; i < columns; i += kLanes) store(out + i, _mm512_mul_ps(load(shares + i), factor));
  }
}

template <class T>
HQSAM_AVX512 void softmax_of_columns(float* logits, int64_t rows, int64_t columns, T* out, float* largest, float* sum) {
  for (int64_t column = 0; column < columns; column += kLanes) {
    float* first = logits + column;
    __m512 most = load(first);
    for (int64_t row = 1; row < rows; ++row) most = _mm512_max_ps(most, load(first + row * columns));
    __m512 total = _mm512_setzero_ps();
    for (int64_t row = 0; row < rows; row += kLanes) {
      float* tile = first + row * columns;
      for (int64_t i = 0; i < kLanes; ++i) {
        const __m512 share = exp_of(_mm512_sub_ps(load(tile + i * columns), most));
        total = _mm512_add_ps(total, share);
        store(tile + i * columns, share);
      }
      __m512 turned[kLanes];
      transpose16(tile, columns, turned);
      for (int64_t i = 0; i < kLanes; ++i) store(out + (column + i) * rows + row, turned[i]);
    }
    store(largest + column, most);
    store(sum + column, total);
  }
}

HQSAM_AVX512 void join_softmax(const float* largest, const float* sum, const float* product, int64_t parts,
                               int64_t columns, int64_t channels, float* out) {
  for (int64_t column = 0; column < columns; ++column) {
    float most = largest[column];
    for (int64_t part = 1; part < parts; ++part) most = std::max(most, largest[part * columns + column]);
    float total = 0;
    for (int64_t i = 0; i < channels; i += kLanes) store(out + column * channels + i, _mm512_setzero_ps());
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t at = part * columns + column;
      const __m512 factor = exp_of(_mm512_set1_ps(largest[at] - most));
      total += sum[at] * _mm512_cvtss_f32(factor);
      for (int64_t i = 0; i < channels; i += kLanes) {
        float* to = out + column * channels + i;
        store(to, _mm512_fmadd_ps(load(product + at * channels + i), factor, load(to)));
      }
    }
    divide_by(total, out + column * channels, channels, out + column * channels);
  }
}

template <class T>
HQSAM_AVX512 void add_norm(const AddNormRows<T>& args) {
  alignas(64) float sums[kLanes * kMostChannels];
  Moments moments;
  for (int64_t first = 0; first < args.rows; first += kLanes) {
    const int64_t rows = std::min(kLanes, args.rows - first), begin = first * args.channels;
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * args.channels;
      for (int64_t i = 0; i < args.channels; i += kLanes) {
        const __m512 delta = _mm512_add_ps(load(args.delta + begin + at + i), load(args.bias + i));
        store(sums + at + i, _mm512_add_ps(load(args.x + begin + at + i), delta));
      }
    }
    moments_of(sums, rows, args.channels, args.eps, moments);
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = row * args.channels;
      const __m512 mean = _mm512_set1_ps(moments.mean[row]), scale = _mm512_set1_ps(moments.scale[row]);
      for (int64_t i = 0; i < args.channels; i += kLanes) {
        const __m512 value = normalized(load(sums + at + i), mean, scale, args.weight + i, args.shift + i);
        store(args.normed + begin + at + i, value);
        store(args.placed + begin + at + i, _mm512_add_ps(value, load(args.position + begin + at + i)));
      }
    }
  }
}

template <class T>
HQSAM_AVX512 void bias_gelu(const float* x, int64_t rows, int64_t channels, const float* bias, T* out) {
  constexpr bool kBf16 = !std::is_same_v<T, float>;
  for (int64_t at = 0; at < rows * channels; at += channels) {
    for (int64_t i = 0; i < channels; i += kLanes) {
      store(out + at + i, gelu_of<kBf16>(_mm512_add_ps(load(x + at + i), load(bias + i))));
    }
  }
}

template <class T>
HQSAM_AVX512 void bias_norm_gelu(float* x, int64_t rows, int64_t channels, const float* bias, const float* weight,
                                 const float* shift, float eps, T* out) {
  constexpr bool kBf16 = !std::is_same_v<T, float>;
  Moments moments;
  for (int64_t first = 0; first < rows; first += kLanes) {
    const int64_t count = std::min(kLanes, rows - first), begin = first * channels;
    for (int64_t at = begin; at < begin + count * channels; at += channels) {
      for (int64_t i = 0; i < channels; i += kLanes) store(x + at + i, _mm512_add_ps(load(x + at + i), load(bias + i)));
    }
    moments_of(x + begin, count, channels, eps, moments);
    for (int64_t row = 0; row < count; ++row) {
      const int64_t at = begin + row * channels;
      const __m512 mean = _mm512_set1_ps(moments.mean[row]), scale = _mm512_set1_ps(moments.scale[row]);
      for (int64_t i = 0; i < channels; i += kLanes) {
        store(out + at + i, gelu_of<kBf16>(normalized(load(x + at + i), mean, scale, weight + i, shift + i)));
      }
    }
  }
}

template <class T>
HQSAM_AVX512 void add_bias(const float* x, int64_t rows, int64_t channels, const float* bias, const T* residual,
                           T* out) {
  constexpr bool kBf16 = !std::is_same_v<T, float>;
  for (int64_t at = 0; at < rows * channels; at += channels) {
    for (int64_t i = 0; i < channels; i += kLanes) {
      __m512 sum = _mm512_add_ps(load(x + at + i), load(bias + i));
      if (residual != nullptr) sum = gelu_of<kBf16>(_mm512_add_ps(sum, load(residual + at + i)));
      store(out + at + i, sum);
    }
  }
}

template <class T>
HQSAM_AVX512 void depthwise_row(const DepthwiseRow<T>& args) {
  constexpr bool kBf16 = !std::is_same_v<T, float>;
  constexpr int64_t kAtOnce =
      16;  // pixels, so that they stay in the nearest cache from one vector of channels to the next
  const int64_t channels = args.channels;
  for (int64_t first = 0; first < args.pixels; first += kAtOnce) {
    const int64_t end = std::min(first + kAtOnce, args.pixels);
    for (int64_t i = 0; i < channels; i += kLanes) {
      __m512 taps[9];
      for (int64_t tap = 0; tap < 9; ++tap) taps[tap] = load(args.taps + tap * channels + i);
      const __m512 bias = load(args.bias + i);
      for (int64_t x = first; x < end; ++x) {
        const int64_t at = x * args.stride * channels + i;
        __m512 sum = bias;
        for (int64_t dy = 0; dy < 3; ++dy) {
          for (int64_t dx = 0; dx < 3; ++dx) {
            sum = _mm512_fmadd_ps(load(args.rows[dy] + at + dx * channels), taps[3 * dy + dx], sum);
          }
        }
        store(args.out + x * channels + i, args.gelu ? gelu_of<kBf16>(sum) : sum);
      }
    }
  }
}

HQSAM_AVX512 void transpose_lanes(const float* from, int64_t rows, float* to) {
  for (int64_t row = 0; row < rows; row += kLanes) {
    __m512 turned[kLanes];
    transpose16(from + row * kLanes, kLanes, turned);
    for (int64_t i = 0; i < kLanes; ++i) store(to + i * rows + row, turned[i]);
  }
}

HQSAM_AVX512 void add_to(const float* x, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const __mmask16 lanes = first_lanes(count - i);
    const __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, x + i), _mm512_maskz_loadu_ps(lanes, out + i));
    _mm512_mask_storeu_ps(out + i, lanes, sum);
  }
}

HQSAM_AVX512 void interleave(const uint16_t* even, const uint16_t* odd, int64_t columns, uint16_t* out) {
  for (int64_t i = 0; i < columns; i += kLanes) {
    const auto wide = [&](const uint16_t* at) HQSAM_AVX512 {
      return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    };
    const __m512i both = _mm512_or_si512(wide(even + i), _mm512_slli_epi32(wide(odd + i), 16));
    _mm512_storeu_si512(out + 2 * i, both);
  }
}

}  // namespace hqsam::cpu

#else  // other processors take the plain road

namespace hqsam::cpu {

template <class T>
void lay_tokens(const TokenBlock<T>&) {}
template <class T>
void softmax_by_head(const float*, const float*, int64_t, int64_t, int64_t, T*) {}
template <class T>
void softmax_of_columns(float*, int64_t, int64_t, T*, float*, float*) {}
void join_softmax(const float*, const float*, const float*, int64_t, int64_t, int64_t, float*) {}
template <class T>
void add_norm(const AddNormRows<T>&) {}
template <class T>
void bias_gelu(const float*, int64_t, int64_t, const float*, T*) {}
template <class T>
void bias_norm_gelu(float*, int64_t, int64_t, const float*, const float*, const float*, float, T*) {}
template <class T>
void add_bias(const float*, int64_t, int64_t, const float*, const T*, T*) {}
template <class T>
void depthwise_row(const DepthwiseRow<T>&) {}
void transpose_lanes(const float*, int64_t, float*) {}
void add_to(const float*, int64_t, float*) {}
void interleave(const uint16_t*, const uint16_t*, int64_t, uint16_t*) {}

}  // namespace hqsam::cpu

#endif

namespace hqsam::cpu {

#define HQSAM_OF(T)                                                                         \
  template void lay_tokens(const TokenBlock<T>&);                                           \
  template void softmax_by_head(const float*, const float*, int64_t, int64_t, int64_t, T*); \
  template void softmax_of_columns(float*, int64_t, int64_t, T*, float*, float*);           \
  template void add_norm(const AddNormRows<T>&);                                            \
  template void bias_gelu(const float*, int64_t, int64_t, const float*, T*);                \
  template void add_bias(const float*, int64_t, int64_t, const float*, const T*, T*);       \
  template void depthwise_row(const DepthwiseRow<T>&);                                      \
  template void bias_norm_gelu(float*, int64_t, int64_t, const float*, const float*, const float*, float, T*);
HQSAM_OF(float)
HQSAM_OF(uint16_t)
#undef HQSAM_OF

}  // namespace hqsam::cpu
