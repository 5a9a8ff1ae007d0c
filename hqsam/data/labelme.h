// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// LabelMe: a JSON of shapes beside each picture.
std::shared_ptr<const Dataset> open_labelme(const SetOptions& options);

}  // namespace hqsam
