// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/image/image.h"

namespace hqsam {

// A synthetic picture of one thin-structured thing on a textured ground.
struct SynthScene {
  Image image;   // RGB
  Image fine;    // gray: the thing itself, anti-aliased
  Image coarse;  // gray 0/255: the mask as a rough annotator would draw it
  // wire, wheel, branch, kite, fence, leaf, bicycle, pylon, fern, umbrella, dandelion, chair, insect, glasses
  std::string kind;
};

struct SynthOptions {
  Size size = {512, 512};  // pixels
  uint64_t seed = 42;
  void validate() const;
};

// Scene `index` of the endless series of this seed; the kinds take turns.
SynthScene synth_scene(const SynthOptions& options, int64_t index);

}  // namespace hqsam
