// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/amg/found_mask.h"
#include "hqsam/amg/label_map.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/image/image.h"

namespace hqsam {

struct AmgOutputOptions {
  std::filesystem::path folder;
  bool png = false;                       // <stem>_<i>.png, one for each mask
  std::vector<AnnotationFormat> formats;  // a folder each, of the format's name
  bool polygons = false;                  // WriterOptions
  double simplify = 0;
  LabelOrder labels = LabelOrder::kSmallest;
};

// A picture whose masks were found. Masks are numbered from 1, best first.
struct AmgPicture {
  std::filesystem::path path;
  Size size;
  Image small;  // for the overlay
  std::vector<FoundMask> masks;
};
// The picture at the overlay's size.
Image overlay_picture(const Image& picture);

// Writes pictures one after the other: <stem>.json in SA-1B's form with the tree of masks, <stem>_labels.png of 16
// bits, <stem>_overlay.jpg, and what else is asked for.
class AmgResults {
 public:
  // pictures: all that may come, which name the annotations' pictures.
  AmgResults(AmgOutputOptions options, const std::vector<std::filesystem::path>& pictures);

  void write(size_t number, const AmgPicture& picture);
  // After all: the files that stand for all pictures, and a warning of what formats cannot keep.
  void finish();

 private:
  struct Output {
    std::string format;
    std::unique_ptr<AnnotationWriter> writer;
    std::filesystem::path folder;
  };
  std::filesystem::path file(const AmgPicture& picture, const std::string& ending) const;
  void write_masks(const AmgPicture& picture) const;
  void write_labels(const AmgPicture& picture) const;
  void write_annotations(size_t number, const AmgPicture& picture, const std::vector<std::string>& members,
                         const std::vector<Rle>& rles) const;

  AmgOutputOptions options_;
  std::vector<Output> outputs_;
  std::vector<std::string> names_;
  std::time_t start_ = std::time(nullptr);
};

}  // namespace hqsam
