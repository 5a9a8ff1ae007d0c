// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// YOLO segmentation (ultralytics): a text of "class x y x y ..." lines, in shares of the picture's upright width and
// height, for each picture; read_yolo_text says how it is read.
// images: a data.yaml; a folder that has one; or a folder of pictures. split (train, val, test) says which of a yaml's
// splits, where it has several. A split is a folder or a list of folders, looked through with the folders in it, or a
// .txt that lists pictures; it lies in the yaml's `path` (absolute, or in the yaml's own folder or the working folder),
// else beside the yaml, and "../" at its front may be one too many.
// A picture's text: in `annotations` by the same name, where that is set; else the last /images/ on the picture's path
// becomes /labels/; where no picture has one so, beside the pictures. No text, or an empty one: a picture without
// objects; such pictures are counted.
// Throws Error where folders, splits or all texts are missing, and where the set holds boxes alone.
std::shared_ptr<const Dataset> open_yolo(const SetOptions& options);

}  // namespace hqsam
