// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// LabelMe and X-AnyLabeling: a JSON of shapes for each picture, beside it or in the folder `annotations`. pair_jsons
// says how they find each other, read_labelme_json how a JSON is read.
std::shared_ptr<const Dataset> open_labelme(const SetOptions& options);

}  // namespace hqsam
