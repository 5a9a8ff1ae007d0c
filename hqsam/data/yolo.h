// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// YOLO segmentation (ultralytics): a text of "class x y x y ..." lines, in shares of the picture's upright width and
// height, for each picture: images/ and labels/ side by side, or a data.yaml that names them.
std::shared_ptr<const Dataset> open_yolo(const SetOptions& options);

}  // namespace hqsam
