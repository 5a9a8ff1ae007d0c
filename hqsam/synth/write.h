// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hqsam/synth/scene.h"

namespace hqsam {

// Writes count scenes: output/im/*.jpg, output/gt/*.png, output/coarse/*.png, stems 00000, 00001, ... Works
// on all processors under a progress line. Throws Error when output holds something already.
void write_synth(const std::filesystem::path& output, int64_t count, const SynthOptions& options);

}  // namespace hqsam
