// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/core/choose.h"

namespace hqsam {

// What the values of a mask file mean.
enum class MaskFileKind {
  kAuto,     // decided from the set's files; an error where they allow two readings
  kBinary,   // one mask: 0/1, or gray values above the threshold; soft edges are kept
  kSoft,     // one mask of gray values, kept as they are: above the threshold is inside
  kIds,      // each value but 0 is an object's number
  kClasses,  // each value but 0 is a class, told as the mask's category
  kColours,  // each colour but black is an object
  kAlpha,    // one mask: the opacity
};

inline constexpr Choice<MaskFileKind> kMaskFileKinds[] = {
    {MaskFileKind::kAuto, "auto"},      {MaskFileKind::kBinary, "binary"},   {MaskFileKind::kSoft, "soft"},
    {MaskFileKind::kIds, "ids"},        {MaskFileKind::kClasses, "classes"}, {MaskFileKind::kColours, "colours"},
    {MaskFileKind::kColours, "colors"}, {MaskFileKind::kAlpha, "alpha"}};

struct MaskRule {
  MaskFileKind kind = MaskFileKind::kAuto;
  // This value is unknown, -1: none is. Not set: 255 in files of 8 bits that hold other labels too.
  std::optional<int64_t> ignore;
  std::vector<std::string> select;  // these values (or colours as "#00ff00") alone are masks; empty: all but 0
  double threshold = 128;           // gray values above this are inside; of 0 to 255 whatever the file's bits
  bool operator==(const MaskRule&) const = default;
  void validate() const;
};

}  // namespace hqsam
