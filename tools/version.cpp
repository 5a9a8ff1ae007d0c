// SPDX-License-Identifier: Apache-2.0
#include "version.h"

#include <ATen/Version.h>
#include <torch/version.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "common.h"
#include "hqsam/core/text.h"
#include "hqsam/ops/cuda_kernels.h"

namespace hqsam {
namespace {

std::string cuda_text() {
  if (!torch::cuda::is_available()) return "CUDA: none here";
  const std::string kernels = cuda::have_kernels() ? "hqsam's kernels" : "without hqsam's kernels";
  return fmt::format("CUDA: {} devices, {}", torch::cuda::device_count(), kernels);
}

// The instruction sets that determine the speed of hqsam on a CPU.
std::string cpu_text() {
  std::vector<std::string> has;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) has.emplace_back("AVX2");
  if (__builtin_cpu_supports("avx512f")) has.emplace_back("AVX-512");
  if (__builtin_cpu_supports("avx512bf16")) has.emplace_back("bf16");
  if (__builtin_cpu_supports("avx512vnni")) has.emplace_back("VNNI");
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kFeatures = 7, kAmxTile = 1U << 24;  // CPUID's leaf, and its bit in edx
  if (__get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxTile) != 0) has.emplace_back("AMX");
#endif
  return fmt::format("CPU: {} threads, {}, libtorch uses {}", at::get_num_threads(), fmt::join(has, " "),
                     at::get_cpu_capability());
}

}  // namespace

std::string version_text() {
  return fmt::format("hqsam {}\nlibtorch {}; {}; {}", HQSAM_VERSION, TORCH_VERSION, cuda_text(), cpu_text());
}

}  // namespace hqsam
