// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/best_masks.h"

#include "hqsam/core/text.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

std::optional<MaskKind> best_masks_of(const std::filesystem::path& checkpoint) {
  if (std::filesystem::is_directory(checkpoint)) return std::nullopt;
  const TensorMap nothing = read_tensors(checkpoint, [](const FileContents&) { return std::vector<TakenTensor>(); });
  const auto word = nothing.metadata.find(kBestMasksMetadata);
  if (word == nothing.metadata.end()) return std::nullopt;
  return choose(shown_short(word->second), kMaskKinds, "best_masks_of",
                checkpoint.string() + ": its metadata " + kBestMasksMetadata);
}

}  // namespace hqsam
