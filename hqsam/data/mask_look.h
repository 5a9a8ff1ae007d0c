// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/data/mask_rule.h"
#include "hqsam/image/image.h"
#include "hqsam/image/raster.h"

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

}  // namespace hqsam
