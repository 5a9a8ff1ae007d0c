// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/cuda.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "hqsam/core/error.h"
#include "hqsam/ops/cuda_kernels.h"

namespace hqsam {

void set_up_cuda() {
  auto& context = at::globalContext();
  context.lazyInitDevice(at::kCUDA);
  context.setAllowTF32CuDNN(false);
  context.setSDPUseCuDNN(false);
}

bool has_cuda_kernels(torch::Device device) {
  if (!device.is_cuda()) return false;
  return cuda::runs_on(device.has_index() ? device.index()
                                          : c10::impl::getDeviceGuardImpl(torch::kCUDA)->getDevice().index());
}

void* current_cuda_stream(torch::Device device) {
  return c10::impl::getDeviceGuardImpl(torch::kCUDA)->getStream(device).native_handle();
}

void require_launched(const char* op, const char* error) {
  if (error != nullptr) fail(op, "the CUDA kernel could not be started: {}", error);
}

}  // namespace hqsam
