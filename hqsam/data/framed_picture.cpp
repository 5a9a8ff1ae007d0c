// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/framed_picture.h"

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/orientation.h"

namespace hqsam {

FramedPicture read_framed(const DataFile& file, const SetOptions& options) {
  PictureOptions how = options.picture;
  how.orient = options.exif != ExifRule::kIgnore;
  FramedPicture picture;
  const DataBytes bytes(file);
  picture.image = decode_image(bytes.bytes(), file.label(), how, &picture.notes);
  picture.oriented = how.orient;
  picture.stored = picture.image.size();
  if (picture.oriented && turns_sideways(picture.notes.orientation)) {
    picture.stored = {picture.image.width, picture.image.height};
  }
  return picture;
}

PictureHeader header_of(const DataFile& file) {
  constexpr uint64_t kFront = 64 << 10;  // bytes; thumbnails and colour profiles may take more
  const DataBytes front(file, kFront);
  if (is_jpeg(front.bytes())) {
    try {
      return picture_header(front.bytes(), file.label());
    } catch (const Error&) {  // the header is longer than kFront, or damaged
    }
  }
  const DataBytes bytes(file);  // other formats may have their tag at the end
  return picture_header(bytes.bytes(), file.label());
}

FramedPicture framed_header(const DataFile& file, const SetOptions& options) {
  const PictureHeader header = header_of(file);
  FramedPicture picture;
  picture.stored = header.stored;
  picture.notes.orientation = header.orientation;
  picture.oriented = options.exif != ExifRule::kIgnore;
  const Size size = picture.oriented ? upright_size(header.stored, header.orientation) : header.stored;
  picture.image.height = size.height;
  picture.image.width = size.width;
  return picture;
}

std::optional<int> turn_to_picture(Size mask, const FramedPicture& picture, ExifRule rule) {
  if (mask == picture.image.size()) return 1;
  if (rule == ExifRule::kAuto && picture.oriented && mask == picture.stored) return picture.notes.orientation;
  return std::nullopt;
}

}  // namespace hqsam
