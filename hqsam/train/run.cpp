// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/run.h"

#include "hqsam/train/training_loop.h"

namespace hqsam {

RunEnd run_training(Trainer& trainer, const TrainingSet& set, const RunOptions& options,
                    const std::function<Validation(SamHq&)>& validate, const std::atomic<bool>& stop) {
  return abort_on_error(trainer.group(), [&] { return TrainingLoop(trainer, set, options, validate, stop).go(); });
}

}  // namespace hqsam
