// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo.h"

#include "hqsam/core/error.h"

namespace hqsam {

std::shared_ptr<const Dataset> open_yolo(const SetOptions& options) {
  fail("open_yolo", "data set '{}': not yet", options.name);
}

}  // namespace hqsam
