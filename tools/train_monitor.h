// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/config/config.h"
#include "hqsam/data/training_set.h"
#include "hqsam/report/training_monitor.h"
#include "hqsam/train/trainer.h"

namespace hqsam {

// What shows a run of this config: its facts for the report, and the samples of `valid`, data.valid's sets, that are
// drawn.
TrainingMonitor open_monitor(const Config& config, std::vector<NamedDataset> valid, Trainer& trainer,
                             const TrainingSet& set);

}  // namespace hqsam
