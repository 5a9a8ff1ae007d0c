// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime.h>

#include <array>
#include <atomic>

#include "hqsam/ops/cuda_kernels.h"

namespace hqsam::cuda {

bool have_kernels() { return true; }

bool runs_on(int device) {
  static std::array<std::atomic<int>, 64> major_versions{};  // 0: not asked yet
  if (device < 0 || device >= static_cast<int>(major_versions.size())) return false;
  std::atomic<int>& major = major_versions[device];
  if (major == 0) {
    int value = 0;
    const cudaError_t error = cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, device);
    major = error == cudaSuccess && value > 0 ? value : -1;
  }
  return major >= 8;
}

}  // namespace hqsam::cuda
