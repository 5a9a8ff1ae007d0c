// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/data/set_options.h"

namespace hqsam {

// The same options with a format in the place of kAuto, told from the files:
//   annotations: a JSON with "videos": ytvis; another JSON: coco; a folder of texts: yolo; of JSONs: labelme or sa1b
//   images: a .yaml: yolo; a .tar, a pattern or a folder of them: tar; a folder with JPEGImages in it: voc
//   masks: folder
//   none of these: JSONs beside the pictures (labelme, sa1b, or one of COCO's), labels/ beside images/ (yolo), else
//   masks among the pictures (folder)
// Throws Error where several would do.
SetOptions recognise(SetOptions options);

}  // namespace hqsam
