// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "hqsam/image/image.h"
#include "hqsam/image/raster.h"

namespace hqsam {

// EXIF's orientation tag (Exif 2.32, tag 0x0112): 1 as stored, 2 mirrored, 3 turned by 180 degrees, 4 flipped,
// 5 to 8 the same with height and width exchanged; 6 is turned clockwise, 8 counterclockwise.

// The tag of a JPEG (APP1), PNG (eXIf, or the hexadecimal text that ImageMagick writes), WebP (EXIF) or TIFF (of its
// first page); 1 where there is none or its value is not 1 to 8. Never throws.
int exif_orientation(std::span<const std::byte> file);

constexpr bool turns_sideways(int orientation) { return orientation >= 5 && orientation <= 8; }
// The size of a picture of this stored size once it is upright.
Size upright_size(Size stored, int orientation);

// Upright pixels. Throw Error for an orientation that is not 1 to 8.
Image upright(const Image& stored, int orientation);
Mask upright(const Mask& stored, int orientation);
Raster upright(Raster stored);  // by its own orientation, which is 1 afterwards
// A box of pixels' corners in a picture of this stored size.
Box upright(const Box& stored, Size stored_size, int orientation);

}  // namespace hqsam
