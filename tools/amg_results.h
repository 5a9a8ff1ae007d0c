// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "annotation_outputs.h"
#include "hqsam/amg/found_mask.h"
#include "hqsam/amg/label_map.h"
#include "hqsam/image/image.h"

namespace hqsam {

struct AmgOutputOptions {
  std::filesystem::path folder;
  bool png = false;  // <stem>_<i>.png, one for each mask
  AnnotationOutputOptions annotations;
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
  void finish() { outputs_.finish(); }

 private:
  std::filesystem::path file(const AmgPicture& picture, const std::string& ending) const;
  void write_masks(const AmgPicture& picture) const;
  void write_labels(const AmgPicture& picture) const;
  void write_annotations(size_t number, const AmgPicture& picture, const std::vector<std::string>& members,
                         const std::vector<Rle>& rles) const;

  AmgOutputOptions options_;
  AnnotationOutputs outputs_;
};

}  // namespace hqsam
