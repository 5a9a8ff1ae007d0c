// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/set_options.h"

#include "hqsam/core/bounds.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void check_ending(const SetOptions& set, const char* key, const std::string& ending) {
  if (ending.empty() || (ending.size() > 1 && ending.find('.') != std::string::npos)) return;
  fail("SetOptions", "data set '{}': {} must be an extension such as .png, got '{}'", set.name, key, ending);
}

}  // namespace

void MaskRule::validate() const {
  require_within("MaskRule", "threshold", threshold, 0.0, 254.0);
  require_within("MaskRule", "ignore", ignore.value_or(-1), -1, 65535, " (-1 = none)");
  const bool labels = kind == MaskFileKind::kAuto || kind == MaskFileKind::kIds || kind == MaskFileKind::kClasses ||
                      kind == MaskFileKind::kColours;
  if (!select.empty() && !labels) fail("MaskRule", "select is for mask_kind ids, classes and colours");
}

void SetOptions::validate() const {
  if (name.empty()) fail("SetOptions", "a data set needs a name ({})", images.string());
  check_ending(*this, "image_ext", image_ext);
  check_ending(*this, "mask_ext", mask_ext);
  check_ending(*this, "coarse_ext", coarse_ext);
  if (!mask_name.empty() && mask_name.find("{stem}") == std::string::npos) {
    fail("SetOptions", "data set '{}': mask_name needs {{stem}}, such as {{stem}}_mask.png, got '{}'", name, mask_name);
  }
  const std::string note = fmt::format(" (data set '{}')", name);
  require_within("SetOptions", "weight", weight, kLeastWeight, kGreatestWeight, note);
  require_within("SetOptions", "per_picture", per_picture, 0, 10'000, " (0 = all)" + note);
  require_within("SetOptions", "min_area", min_area, 0.0, 1e10, note);
  mask.validate();
  picture.validate();
}

}  // namespace hqsam
