// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/ScalarType.h>

namespace hqsam {

// Whether hqsam's own operations for CPUs run here: AVX-512, unless ATEN_CPU_CAPABILITY holds libtorch to less.
bool has_cpu_kernels();
// The same with products in this type: fp32, or bf16 where the CPU has it.
bool has_cpu_kernels(c10::ScalarType type);

// Whether this CPU multiplies in bf16, by AVX-512's instructions or AMX.
bool has_bf16_products();

}  // namespace hqsam
