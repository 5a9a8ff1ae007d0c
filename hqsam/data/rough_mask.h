// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/choose.h"
#include "hqsam/core/random.h"
#include "hqsam/mask/mask.h"

namespace hqsam {

// Masks as people and programs have them before they are refined. Lengths are shares of the longer side of the
// object's box.
enum class RoughKind {
  kDilated,  // by 0.02 to 0.08
  kEroded,   // by 0.02 to 0.08, by less where nothing would be left
  kShifted,  // by 0.02 to 0.1 on each axis, either way
  kPolygon,  // corners are left out as long as the outline departs by less than 0.03 to 0.1
  kMissing,  // one to three discs of radius 0.1 to 0.3 are cut out of it
  kExtra,    // one to three discs of radius 0.05 to 0.15 beside it are taken for it
  kHoles,    // two to six discs of radius 0.02 to 0.06 are cut out of it
  kBlurred,  // smeared over 0.03 to 0.1, then cut in the middle: thin parts go
};
inline constexpr Choice<RoughKind> kRoughKinds[] = {{RoughKind::kDilated, "dilated"}, {RoughKind::kEroded, "eroded"},
                                                    {RoughKind::kShifted, "shifted"}, {RoughKind::kPolygon, "polygon"},
                                                    {RoughKind::kMissing, "missing"}, {RoughKind::kExtra, "extra"},
                                                    {RoughKind::kHoles, "holes"},     {RoughKind::kBlurred, "blurred"}};

// A rough mask of a fine one, of the same size. Never empty: where a kind would leave nothing, less of it is done, in
// the end nothing. Eroded is missing where the object is too thin for it. Throws Error for a mask without an inside.
Mask rough_mask(const Mask& fine, RoughKind kind, RandomStream& stream);

}  // namespace hqsam
