// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hqsam {

enum class ScheduleType { kConstant, kStep, kCosine };

// The learning rate over a run, as a share of train.lr.
struct ScheduleOptions {
  ScheduleType type = ScheduleType::kStep;
  int64_t warmup_steps = 0;       // the rate grows evenly from lr / warmup_steps to lr; then the type's curve
  int64_t drop_after_epoch = 10;  // kStep: epochs at the full rate,
  double factor = 0.1;            // then lr times this
  double final_factor = 0;        // kCosine: half a cosine from lr after the warm-up to lr times this at the run's end
  void validate() const;          // throws Error naming the field
};

// The share at a step, counted from 0 over the whole run.
double schedule_factor(const ScheduleOptions& options, int64_t step, int64_t steps_per_epoch, int64_t epochs);

}  // namespace hqsam
