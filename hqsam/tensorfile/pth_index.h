// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "hqsam/tensorfile/file_contents.h"
#include "hqsam/tensorfile/file_parts.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// The zip record that holds a .pth file's string metadata, under the archive's own name.
inline constexpr std::string_view kPthMetadataRecord = "hqsam/metadata.json";

// True where the bytes begin as something torch.save wrote in any of its formats, the refused tar too.
bool looks_like_pth(std::span<const std::byte> front);

// Parses a .pth file, zip or legacy (torch.save before 1.6), and checks the tensors that are taken; the storages are
// not read. Throws Error on all that is damaged. Python objects in the pickle are passed over, never run. Knows no
// libtorch.
TensorIndex parse_pth(const FileParts& file, const TakeTensors& take = take_all);

// The legacy format: pickles of a magic number, the format's version, the byte order, the object and
// the storages' keys; then the storages, each as int64 element count and bytes.
bool looks_like_legacy_pth(std::span<const std::byte> front);
TensorIndex parse_legacy_pth(const FileParts& file, const TakeTensors& take);

}  // namespace hqsam
