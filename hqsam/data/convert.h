// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/annotation_writer.h"
#include "hqsam/data/dataset.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

struct SetToConvert {
  SetOptions options;  // as dataset was opened with
  std::shared_ptr<const Dataset> dataset;
  bool validation = false;
};

struct ConvertOptions {
  WriterOptions writer;
  bool pictures = true;    // false: annotations alone
  bool link = false;       // pictures as hard links, where source and output lie on one disk; else copies
  bool upright = false;    // pictures with an EXIF orientation as PNGs, turned, without the tag
  bool overwrite = false;  // an output folder may hold something
  int64_t workers = 1;     // threads
  void validate() const;
};

struct ConvertReport {
  int64_t pictures = 0, masks = 0;     // written
  std::vector<std::string> failed;     // "path: why", in order
  std::string losses;                  // what the format cannot keep, for people; or ""
  int64_t renamed = 0;                 // pictures whose stem another one had
  int64_t left_out = 0;                // masks that the readers could not use
  std::vector<std::string> strangers;  // with overwrite: files in the output that are not of this conversion
};

// Writes sets in an annotation format, a picture per worker in memory at a time; the same files for any number of
// workers. Of several sets each has its name as the first folder of its pictures' names.
// Pictures keep their names and folders, relative to what all of the set's have in common; of two whose names differ in
// nothing but the ending, the later one becomes a_2.jpg. Their files are copied byte by byte, EXIF tags with them, and
// masks are upright; what was read as stored though it has a tag (exif: ignore) is written as a PNG of those pixels.
// A picture that cannot be read is left out and told. Throws Error for an output folder that holds something, that
// holds the set itself, and where a file cannot be written.
ConvertReport convert(const std::vector<SetToConvert>& sets, const ConvertOptions& options);

}  // namespace hqsam
