// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/labelme.h"

#include "hqsam/core/error.h"

namespace hqsam {

std::shared_ptr<const Dataset> open_labelme(const SetOptions& options) {
  fail("open_labelme", "data set '{}': not yet", options.name);
}

}  // namespace hqsam
