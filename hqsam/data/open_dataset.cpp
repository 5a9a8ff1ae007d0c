// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/open_dataset.h"

#include "hqsam/data/coco.h"
#include "hqsam/data/davis_dataset.h"
#include "hqsam/data/labelme.h"
#include "hqsam/data/sa1b.h"
#include "hqsam/data/yolo.h"

namespace hqsam {

std::shared_ptr<const Dataset> open_dataset(const SetOptions& options) {
  switch (options.format) {
    case SetFormat::kDavis:
      return std::make_shared<DavisDataset>(options);
    case SetFormat::kCoco:
      return open_coco(options);
    case SetFormat::kYtvis:
      return open_ytvis(options);
    case SetFormat::kYolo:
      return open_yolo(options);
    case SetFormat::kLabelme:
      return open_labelme(options);
    case SetFormat::kSa1b:
      return open_sa1b(options);
    case SetFormat::kAuto:
    case SetFormat::kFolder:
    case SetFormat::kBig:
    case SetFormat::kVoc:
    case SetFormat::kTar:
      break;
  }
  return std::make_shared<FolderDataset>(options);
}

}  // namespace hqsam
