// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/data/folder_dataset.h"

namespace hqsam {

// DAVIS (Perazzi et al., CVPR 2016; Pont-Tuset et al., 2017): images/<sequence>/<frame>.jpg with
// masks/<sequence>/<frame>.png, whose pixels are the palette indices of objects. Each index but 0 is a mask, in
// rising order; 255 is one only where it is alone (a single object, 0 and 255), else it marks pixels to leave out.
// Extensions match in any case. Frames come in order of sorted paths. The constructor throws Error when a folder is
// missing or has no pictures, and when pictures lack masks (the first few are named); get() when sizes differ or a mask
// is not indexed.
class DavisDataset : public Dataset {
 public:
  explicit DavisDataset(SetOptions options);
  int64_t size() const override { return static_cast<int64_t>(frames_.size()); }
  Sample get(int64_t index) const override;
  std::string path(int64_t index) const override { return frames_[index].image.string(); }

 private:
  struct Frame {
    std::string name;  // sequence/frame
    std::filesystem::path image, mask;
  };
  SetOptions options_;
  std::vector<Frame> frames_;
};

}  // namespace hqsam
