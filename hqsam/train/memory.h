// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

double peak_memory_gib();                             // the process's largest resident set so far
double peak_device_memory_gib(torch::Device device);  // what tensors took at most so far; 0 on a CPU

}  // namespace hqsam
