// SPDX-License-Identifier: Apache-2.0
#include "check_dataset.h"

using namespace hqsam;

namespace {

constexpr const char* kAnnotations = R"({"images": [{"id": 1, "file_name": "a.png", "height": 6, "width": 8}],
  "annotations": [{"id": 1, "image_id": 1, "category_id": 2, "segmentation": [[1, 1, 5, 1, 5, 4]]}],
  "categories": [{"id": 2, "name": "cat"}]})";

}  // namespace

// A detector's boxes: COCO's results beside sound annotations.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile annotations, detections;
  annotations.write(kAnnotations);
  detections.write({reinterpret_cast<const char*>(data), size});
  fuzz::read_dataset(open_coco, annotations.path(), detections.path());
  return 0;
}
