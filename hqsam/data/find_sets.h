// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/data/set_options.h"

namespace hqsam {

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
