// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/cpu.h"

#include <ATen/Version.h>
#include <ATen/native/CPUBlas.h>

#include "hqsam/ops/cpu_kernels.h"

namespace hqsam {

bool has_cpu_kernels() { return cpu::runs_here() && at::get_cpu_capability() == "AVX512"; }

bool has_cpu_kernels(c10::ScalarType type) {
  return has_cpu_kernels() && (type == at::kFloat || (type == at::kBFloat16 && has_bf16_products()));
}

bool has_bf16_products() { return at::native::cpublas::could_pack(at::kBFloat16); }

}  // namespace hqsam
