// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/open_dataset.h"

#include "hqsam/data/coco.h"
#include "hqsam/data/davis_dataset.h"

namespace hqsam {

std::shared_ptr<const Dataset> open_dataset(const FolderOptions& options) {
  switch (options.format) {
    case SetFormat::kDavis:
      return std::make_shared<DavisDataset>(options);
    case SetFormat::kCoco:
      return open_coco(options);
    case SetFormat::kYtvis:
      return open_ytvis(options);
    case SetFormat::kFolder:
    case SetFormat::kBig:
      break;
  }
  return std::make_shared<FolderDataset>(options);
}

}  // namespace hqsam
