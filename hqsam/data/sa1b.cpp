// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/sa1b.h"

#include "hqsam/core/error.h"

namespace hqsam {

std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options) {
  fail("open_sa1b", "data set '{}': not yet", options.name);
}

}  // namespace hqsam
