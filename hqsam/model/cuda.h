// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hqsam {

// Sets libtorch up for CUDA as hqsam wants it; a program that moves a model there calls it once, before. fp32 is fp32:
// convolutions do not round to TF32. Attention does not go through cuDNN, which makes a plan for every new shape and
// needs NVRTC. Throws c10::Error where there is no CUDA device.
void set_up_cuda();

}  // namespace hqsam
