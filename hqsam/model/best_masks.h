// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "hqsam/model/mask_decoder.h"

namespace hqsam {

// Which masks of a checkpoint are its best, by the validation of its training: in its metadata under this name, as the
// word of --masks.
inline constexpr const char* kBestMasksMetadata = "hqsam.best_masks";

// Nothing where the checkpoint does not tell; folders do not. Throws Error where it cannot be read, or tells another
// word.
std::optional<MaskKind> best_masks_of(const std::filesystem::path& checkpoint);

}  // namespace hqsam
