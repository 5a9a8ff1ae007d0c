// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// SA-1B: a JSON of run lengths beside each picture.
std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options);

}  // namespace hqsam
