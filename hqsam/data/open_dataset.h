// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/folder_dataset.h"

namespace hqsam {

// A data set of any format, looked through now.
std::shared_ptr<const Dataset> open_dataset(const SetOptions& options);

}  // namespace hqsam
