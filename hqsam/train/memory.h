// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

namespace hqsam {

double peak_memory_gib();                             // the process's largest resident set so far
double peak_device_memory_gib(torch::Device device);  // what tensors took at most so far; 0 on a CPU
// What there is in all: of the device, or of this machine or the container (cgroup) that limits it; 0 where unknown.
double memory_to_use_gib(torch::Device device);

}  // namespace hqsam
