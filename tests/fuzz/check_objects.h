// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "harness.h"
#include "hqsam/data/objects.h"
#include "hqsam/mask/rle.h"

namespace hqsam::fuzz {

// Runs of the frame's size, and a reason for what was left out.
inline void check_objects(const PictureObjects& objects) {
  for (const ObjectMask& object : objects.objects) {
    require(object.rle.size == objects.frame);
    check_runs(object.rle);
    touch(object.info.category_name);
    if (objects.frame.height * objects.frame.width > 1 << 16) continue;
    require(area(rle_decode(object.rle)) == rle_area(object.rle));
  }
  require(objects.skipped >= 0 && (objects.skipped > 0) == !objects.why_skipped.empty());
  check_message(Error(objects.why_skipped));
}

}  // namespace hqsam::fuzz
