// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hqsam/core/random.h"
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

// A rough mask out of a fine one, as a hurried annotator would draw it: closed, smoothed, thin parts
// thickened or lost. Deterministic in the stream.
Mask coarsen(const Mask& fine, RandomStream& stream);

// Writes count scenes: output/im/*.jpg, output/gt/*.png, output/coarse/*.png, stems 00000, 00001, ... Works
// on all processors under a progress line. Throws Error when output holds something already.
void write_synth(const std::filesystem::path& output, int64_t count, const SynthOptions& options);

}  // namespace hqsam
