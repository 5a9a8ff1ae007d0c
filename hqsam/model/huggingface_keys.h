// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// The one table of names that SAM's code (and SysCV's, with HQ modules) and Hugging Face transformers' SamModel and
// SamHQModel give the same tensors. Both functions share the tensors, keep names that they do not know, and drop the
// metadata.
bool has_huggingface_keys(const TensorMap& map);
TensorMap with_sam_keys(const TensorMap& huggingface);
TensorMap with_huggingface_keys(const TensorMap& sam);

}  // namespace hqsam
