// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/data/dataset.h"
#include "hqsam/data/mask_look.h"
#include "hqsam/data/mask_plane.h"

namespace hqsam {

// One of a file's masks, before it is drawn.
struct FileLabel {
  int32_t value = 0;  // 0 for kinds of one mask
  int64_t area = 0;   // pixels inside
};

// One file read by a decided rule. Throws Error naming it where it does not fit the rule: a binary mask with labels, an
// image of many colours, ... (values found in the message).
class MaskFile {
 public:
  MaskFile(Raster raster, const MaskReading& reading, std::string name);
  Size size() const { return size_; }
  const std::vector<FileLabel>& labels() const { return labels_; }
  Image label(size_t i) const;  // one of labels()
  Image take_label(size_t i);   // the same; this file's pixels may be gone afterwards
  MaskInfo info(size_t i) const;
  Image unknown() const;  // of its size, or empty
  bool zero_one() const { return zero_one_; }

 private:
  void read_gray(MaskPlane plane);
  void check_gray() const;
  void read_labels(MaskPlane plane);
  void read_alpha(MaskPlane plane);
  bool selected(int32_t value) const;

  MaskRule rule_;
  bool decided_, lossy_;
  std::string name_;
  Size size_;
  Image gray_;       // kinds of one mask
  MaskPlane plane_;  // kinds of several
  std::vector<FileLabel> labels_;
  std::optional<int32_t> void_;  // the value that is unknown here
  bool zero_one_ = false;
};

}  // namespace hqsam
