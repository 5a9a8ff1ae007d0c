// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/set_options.h"

#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

void check_ending(const SetOptions& set, const char* key, const std::string& ending) {
  if (ending.empty() || (ending.size() > 1 && ending.find('.') != std::string::npos)) return;
  fail("SetOptions", "data set '{}': {} must be an extension such as .png, got '{}'", set.name, key, ending);
}

}  // namespace

void MaskRule::validate() const {
  if (!(threshold >= 0 && threshold < 255)) fail("MaskRule", "threshold must be in 0..255, got {}", threshold);
  if (ignore && (*ignore < -1 || *ignore > 65535)) {
    fail("MaskRule", "ignore must be a value in 0..65535, or -1, got {}", *ignore);
  }
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
  if (!(weight > 0) || !std::isfinite(weight)) {
    fail("SetOptions", "data set '{}': weight must be above 0, got {}", name, weight);
  }
  if (per_picture < 0) fail("SetOptions", "data set '{}': per_picture must be all or at least 1", name);
  if (!(min_area >= 0)) fail("SetOptions", "data set '{}': min_area must be at least 0, got {}", name, min_area);
  mask.validate();
  picture.validate();
}

}  // namespace hqsam
