// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/cuda.h"

#include <torch/torch.h>

namespace hqsam {

void set_up_cuda() {
  auto& context = at::globalContext();
  context.lazyInitDevice(at::kCUDA);
  context.setAllowTF32CuDNN(false);
  context.setSDPUseCuDNN(false);
}

}  // namespace hqsam
