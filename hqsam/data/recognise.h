// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

// What a path holds, for people who have not said: a COCO JSON, a data.yaml, a shard, or a folder that holds one of
// these, or pictures and masks under usual names (im, images, imgs, JPEGImages; gt, masks, labels, SegmentationObject),
// or train, val and test folders of these. Names are the folders'.
struct FoundSets {
  std::vector<SetOptions> train, valid;
  std::string what;  // for people: "pictures in im and masks in gt"
};
// Throws Error that says what the path holds where nothing is recognised.
FoundSets find_sets(const std::filesystem::path& path);

}  // namespace hqsam
