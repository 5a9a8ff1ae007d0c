// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace hqsam {

// What this CPU can do at most, as measured: the limit to hold other times against.
struct Peak {
  std::string name;       // "fp32", "bf16", "int8" (u8 x s8): products; "copy"
  double per_second = 0;  // of all threads: floating point or integer operations; bytes read and written
};

// oneDNN's micro-kernels on tiles that stay in the cache, the fastest of a few shapes, on all threads at once; types
// that the CPU has no instructions for are left out. And copies of memory that no cache holds. A second or two.
std::vector<Peak> measure_peaks();

}  // namespace hqsam
