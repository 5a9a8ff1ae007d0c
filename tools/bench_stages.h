// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hqsam/model/sam_hq.h"

namespace hqsam {

struct StageTime {
  std::string name;
  double median_ms = 0, min_ms = 0, max_ms = 0;  // over the repeats
  int64_t pictures = 0;                          // that one run works on; 0: none
};

struct BenchOptions {
  bool decode = true;      // a 1024 x 1024 JPEG
  bool row = true;         // a training row from such a JPEG and its mask, on one thread
  bool encoder = true;     // one picture
  bool decoder = true;     // each number of boxes
  bool train_step = true;  // forward, backward and optimizer of HQ training
  std::vector<int64_t> boxes = {1, 16};
  int64_t rows = 1;  // of the training step
  int64_t micro_batch = 4;
  int64_t repeats = 5;  // of each stage, after one to warm up
  bool bf16 = false;
  std::filesystem::path trace;  // where set, a folder for one Chrome trace per stage
};

// Runs a stage once to warm up, then times options.repeats runs of it, on CUDA with the wait for the device.
StageTime time_stage(const std::string& name, const BenchOptions& options, const std::function<void()>& stage);

std::vector<StageTime> time_stages(SamHq model, const BenchOptions& options);

}  // namespace hqsam
