// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

// Sets libtorch up for CUDA as hqsam wants it; a program that moves a model there calls it once, before. fp32 is fp32:
// convolutions do not round to TF32. Attention does not go through cuDNN, which makes a plan for every new shape and
// needs NVRTC. Throws c10::Error where there is no CUDA device.
void set_up_cuda();

// Whether hqsam's own kernels (cuda_kernels.h) run there: a CUDA device of compute capability 8.0 or above, and a build
// with them.
bool has_cuda_kernels(torch::Device device);

// The cudaStream_t that libtorch puts its work on now.
void* current_cuda_stream(torch::Device device);

// error: what a launcher returned. Throws Error with it, unless it is null.
void require_launched(const char* op, const char* error);

}  // namespace hqsam
