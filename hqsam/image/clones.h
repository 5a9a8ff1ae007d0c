// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the inner loops over pixels: compiled twice, with and without AVX and fused multiply-add, and chosen
// when the program starts. std::fma gives the same bits either way, so results do not depend on the machine.
// GCC's -O2 leaves loops of unknown length as they are, hence its O3.
#if defined(__x86_64__) && defined(__clang__)
#define HQSAM_CLONES __attribute__((target_clones("fma", "default")))
#elif defined(__x86_64__) && defined(__GNUC__)
#define HQSAM_CLONES __attribute__((target_clones("fma", "default"), optimize("O3")))
#else
#define HQSAM_CLONES
#endif
