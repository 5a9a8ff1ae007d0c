// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/comm/group.h"
#include "hqsam/config/config.h"

namespace hqsam {

// What a run of this config would need, printed: opens model and data, takes a step on two rows, validates a few
// pictures, and tells steps, time, memory and disk. Writes nothing. Throws Error where the run would not begin.
void dry_run(Config config, const std::shared_ptr<Group>& group, const torch::Device& device);

}  // namespace hqsam
