// SPDX-License-Identifier: Apache-2.0
#include "check_dataset.h"

using namespace hqsam;

// The JSON of COCO's annotations, with its pictures at hand.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::read_annotations(open_coco, {reinterpret_cast<const char*>(data), size});
  return 0;
}
