// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "hqsam/image/tiff_file.h"

namespace hqsam {

// What the samples of a TIFF's first page are.
struct TiffKind {
  Size size;
  int64_t channels = 1;
  int bits = 1;
  bool is_signed = false, is_float = false;
  bool separate = false;   // each channel in a plane of its own
  bool alpha = false;      // the last channel is opacity
  bool palette = false;    // indices
  bool inverted = false;   // 0 is white
  bool converted = false;  // to RGB by libtiff
  std::string colors;      // "inks (CMYK)", for messages
  std::optional<double> nodata;
};

// Throws Error that names what hqsam does not read, and for sizes that the file cannot hold.
TiffKind tiff_kind(TiffFile& file);

// Whether further pages are pictures of their own, not smaller copies or masks of the first. The file leaves its first
// page.
bool has_more_pages(TiffFile& file);

}  // namespace hqsam
