// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hqsam/data/data_file.h"
#include "hqsam/data/set_options.h"
#include "hqsam/image/codec.h"

namespace hqsam {

// A data set's picture, turned as its ExifRule says.
struct FramedPicture {
  Image image;           // RGB
  Size stored;           // as the pixels lie in the file
  bool oriented = true;  // whether image is turned by its tag (notes.orientation); false with ExifRule::kIgnore
  PictureNotes notes;
};

FramedPicture read_framed(const DataFile& file, const SetOptions& options);

// A picture's header; of a JPEG, which begins with it, no more is read than that.
PictureHeader header_of(const DataFile& file);

// The sizes and the tag of the file's header; the image has no pixels.
FramedPicture framed_header(const DataFile& file, const SetOptions& options);

// The turn, as an EXIF orientation, that brings a mask of this size to the picture's frame; nothing where its size fits
// neither the picture as it is nor, with ExifRule::kAuto, its stored pixels. 1 where both fit.
std::optional<int> turn_to_picture(Size mask, const FramedPicture& picture, ExifRule rule);

}  // namespace hqsam
