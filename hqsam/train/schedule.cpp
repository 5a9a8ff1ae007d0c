// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hqsam/core/bounds.h"

namespace hqsam {

void ScheduleOptions::validate() const {
  const char* where = "TrainOptions";
  require_within(where, "schedule.warmup_steps", warmup_steps, 0, 1'000'000'000);
  require_within(where, "schedule.drop_after_epoch", drop_after_epoch, 0, 1'000'000);
  require_within(where, "schedule.factor", factor, 1e-6, 10.0);
  require_within(where, "schedule.final_factor", final_factor, 0.0, 1.0);
}

double schedule_factor(const ScheduleOptions& options, int64_t step, int64_t steps_per_epoch, int64_t epochs) {
  if (step < options.warmup_steps) return static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
  switch (options.type) {
    case ScheduleType::kConstant:
      return 1;
    case ScheduleType::kStep:
      return step / steps_per_epoch < options.drop_after_epoch ? 1 : options.factor;
    case ScheduleType::kCosine:
      break;
  }
  const double steps = static_cast<double>(std::max<int64_t>(steps_per_epoch * epochs - options.warmup_steps, 1));
  const double done = std::min(static_cast<double>(step - options.warmup_steps) / steps, 1.0);
  return options.final_factor + (1 - options.final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

}  // namespace hqsam
