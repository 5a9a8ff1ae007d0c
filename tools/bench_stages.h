// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/model/sam_hq.h"

namespace hqsam {

struct StageTime {
  std::string name;
  double median_ms = 0, min_ms = 0, max_ms = 0;  // over the repeats
};

// decode (a 1024 x 1024 JPEG), encoder, decoder with 1 and 16 boxes, and a training step of one row; each
// once to warm up, then `repeats` times. Times on CUDA include the wait for the device.
std::vector<StageTime> time_stages(SamHq model, bool bf16, int64_t repeats);

}  // namespace hqsam
