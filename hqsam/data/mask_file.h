// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/data/dataset.h"
#include "hqsam/data/mask_plane.h"
#include "hqsam/data/mask_rule.h"

namespace hqsam {

// What one mask file looks like by itself.
struct MaskLook {
  enum class Kind {
    kEmpty,     // nothing but 0
    kZeroOne,   // 0 and 1
    kBinary,    // 0 and white
    kSoft,      // gray values, most of them black or white, the others along edges
    kLabels,    // several flat values, none of them void
    kWithVoid,  // the same, and 255
    kColours,
    kAlpha,
    kUnclear,  // `why` says what it could be
  };
  Kind kind = Kind::kEmpty;
  std::string values;  // found, for messages
  std::string why;     // unclear: what it could be, and what to set
};
MaskLook look_at_mask(const Raster& raster, const std::string& name);
MaskLook look_at_gray(const Image& gray, bool lossy);  // of 8 bits; lossy: see Raster

// How a set's mask files are read, once its files have been looked at: a rule whose kind is not kAuto.
struct MaskReading {
  MaskRule rule;
  bool decided = false;  // from the files: one that does not look like them is refused; false: as the user says
  std::string seen;      // what it was decided from, for people: "black and white (120), soft edges (3)"
};
struct SeenMask {
  std::string file;
  MaskLook look;
};
// Decides what `rule` leaves open. Throws Error naming set, files and values where files allow two readings or are of
// two kinds; where all are empty, the reading is kBinary.
MaskReading decide_mask_reading(const std::string& set, const MaskRule& rule, const std::vector<SeenMask>& seen);

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
