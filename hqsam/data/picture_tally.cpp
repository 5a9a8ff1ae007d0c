// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/picture_tally.h"

#include "hqsam/core/log.h"
#include "hqsam/image/orientation.h"

namespace hqsam {

void PictureTally::note(const Sample& sample, const SetOptions& options) const {
  const PictureNotes& notes = sample.notes;
  if (notes.stretched && !stretched_.exchange(true)) {
    spdlog::warn("data set '{}': {} is stretched, {:g} to {:g} become 0 to 255, others may follow; range sets it",
                 sample.set, sample.image_path, notes.low, notes.high);
  }
  if (notes.bands > 3 && options.picture.bands.empty() && !bands_.exchange(true)) {
    spdlog::warn("data set '{}': {} has {} bands, three are read, others may follow; bands chooses them", sample.set,
                 sample.image_path, notes.bands);
  }
  if (!notes.warning.empty() && !warned_.exchange(true)) {
    spdlog::warn("data set '{}': {} is read in spite of a warning, others may follow: {}", sample.set,
                 sample.image_path, notes.warning);
  }
  if (sample.zero_one_labels > 0 && !zero_one_.exchange(true)) {
    spdlog::warn("data set '{}': masks hold 0 and 1, read as 0 and 255 (first seen: of {})", sample.set,
                 sample.image_path);
  }
  const bool sizes_tell = turns_sideways(notes.orientation) && sample.image.height != sample.image.width;
  const bool tag_decides = notes.orientation != 1 && options.exif != ExifRule::kIgnore && !sizes_tell;
  if (tag_decides && !sample.annotated && !tag_.exchange(true)) {
    spdlog::warn(
        "data set '{}': {} is turned upright by its EXIF orientation {}, and its masks, of the same size either way, "
        "are "
        "taken to be upright, others may follow; exif: ignore takes both as stored",
        sample.set, sample.image_path, notes.orientation);
  }
  if (sample.turned && !turned_.exchange(true)) {
    spdlog::warn(
        "data set '{}': {} is stored sideways (EXIF orientation {}) and its masks fit the stored pixels alone: they "
        "are "
        "turned with it, others may follow",
        sample.set, sample.image_path, notes.orientation);
  }
}

}  // namespace hqsam
