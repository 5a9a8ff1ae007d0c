// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/sam_hq.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// The image size of a model in a checkpoint's metadata: TinyViT's shapes do not tell it.
inline constexpr const char* kImageSizeMetadata = "hqsam.image_size";

// The model that a checkpoint with SAM's key names belongs to, from its keys and shapes alone: heads from the width
// of the relative-position tables, global blocks from their lengths; the two-way transformer has 8 heads. TinyViT's
// image size comes from the metadata, else it is 1024. HQ modules count as HQ-SAM's own: which there are instead is in
// hqsam's metadata (dialect.h). Throws Error naming a key when this is no SAM.
SamHqOptions architecture_of(const TensorMap& checkpoint);

}  // namespace hqsam
