// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <initializer_list>

#include "hqsam/ops/cpu_kernels.h"

// What the kernels for CPUs with AVX-512 share. bf16 numbers are uint16_t.
#define HQSAM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

namespace hqsam::cpu {

HQSAM_AVX512 inline __mmask16 first_lanes(int64_t count) {
  return count >= kLanes ? __mmask16{0xffff} : static_cast<__mmask16>((1U << count) - 1U);
}

// exp by 2^n * 2^f: f in [-0.5, 0.5] by its Taylor series in ln(2) f up to the sixth power, whose error is 1e-7 of it.
HQSAM_AVX512 inline __m512 exp_of(__m512 x) {
  const __m512 power = _mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896F));
  const __m512 whole = _mm512_roundscale_ps(power, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 rest = _mm512_sub_ps(power, whole);
  __m512 sum = _mm512_set1_ps(1.54035304e-4F);
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.33335581e-3F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(9.61812911e-3F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(5.55041087e-2F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(2.40226507e-1F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(6.93147181e-1F));
  sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(1.0F));
  return _mm512_scalef_ps(sum, whole);
}

// To nearest, ties to even.
HQSAM_AVX512 inline __m256i to_bf16(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
}

HQSAM_AVX512 inline __m512 from_bf16(const uint16_t* at) {
  const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

HQSAM_AVX512 inline __m512 load(const float* at) { return _mm512_loadu_ps(at); }
HQSAM_AVX512 inline __m512 load(const uint16_t* at) { return from_bf16(at); }
HQSAM_AVX512 inline void store(float* at, __m512 x) { _mm512_storeu_ps(at, x); }
HQSAM_AVX512 inline void store(uint16_t* at, __m512 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), to_bf16(x));
}

// The exact GELU: x times the normal distribution, whose erf is a ratio of polynomials fitted by least squares (largest
// error 7e-7, where kBf16 2e-5, less than bf16 can show).
template <bool kBf16>
HQSAM_AVX512 inline __m512 gelu_of(__m512 x) {
  const __m512 limit = _mm512_set1_ps(3.95F);
  __m512 u = _mm512_mul_ps(x, _mm512_set1_ps(0.70710678F));
  u = _mm512_max_ps(_mm512_min_ps(u, limit), _mm512_sub_ps(_mm512_setzero_ps(), limit));
  const __m512 t = _mm512_mul_ps(u, u);
  const auto horner = [&](std::initializer_list<float> coefficients) HQSAM_AVX512 {
    __m512 sum = _mm512_setzero_ps();
    for (const float c : coefficients) sum = _mm512_fmadd_ps(sum, t, _mm512_set1_ps(c));
    return sum;
  };
  __m512 above, below;
  if constexpr (kBf16) {
    above = horner({6.1630155e-4F, 0.0413271971F, 0.172552481F, 1.12826335F});
    below = horner({8.23241565e-3F, 0.099532105F, 0.485631317F, 1.0F});
  } else {
    above = horner({3.59614409e-4F, 0.0100973984F, 0.07223057F, 0.34742862F, 1.12837684F});
    below = horner({2.0647667e-5F, 2.56747706e-3F, 0.0277636033F, 0.177843899F, 0.641207278F, 1.0F});
  }
  __m512 inverse = _mm512_rcp14_ps(below);
  if constexpr (!kBf16) {  // one step of Newton's
    inverse = _mm512_mul_ps(inverse, _mm512_fnmadd_ps(below, inverse, _mm512_set1_ps(2.0F)));
  }
  const __m512 erf = _mm512_mul_ps(_mm512_mul_ps(u, above), inverse);
  const __m512 half = _mm512_mul_ps(x, _mm512_set1_ps(0.5F));
  return _mm512_fmadd_ps(half, erf, half);
}

}  // namespace hqsam::cpu
