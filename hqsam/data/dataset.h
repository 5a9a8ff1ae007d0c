// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/label.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/image.h"

namespace hqsam {

// What a data set says of a mask beyond its pixels.
struct MaskInfo {
  int64_t category = 0;
  bool crowd = false;  // a region of many objects: no prompt is made of it, and predictions within it do not count
  double area = -1;    // pixels, as the data set states it; negative where it does not
  std::string category_name = {};  // where the data set has it
  char frequency = 0;  // LVIS's group of the category: 'r' (rare), 'c' (common), 'f' (frequent); 0 where not stated
};

// A detector's box, in the picture's frame and within it.
struct ScoredBox {
  Box box_in_image;
  double score = 0;
  int64_t category = 0;
};

// One picture with all its masks.
struct Sample {
  std::string set;   // name of the data set
  std::string name;  // file stem
  std::string image_path;
  Image image;                  // RGB
  std::vector<Label> labels;    // of the picture's size, one per mask
  int64_t zero_one_labels = 0;  // how many of them are 0/1 in the file and were scaled to 0/255

  bool annotated = false;             // the set states categories and what else average precision needs
  std::vector<Image> coarse = {};     // rough masks, gray as the labels; one per label, or none
  std::vector<MaskInfo> infos = {};   // one per label; none in sets of plain masks
  bool detected = false;              // the set comes with a detector's boxes, though this picture may have none
  std::vector<ScoredBox> boxes = {};  // a detector's
  bool federated = false;             // LVIS: only the categories of infos and of these two lists were looked for
  std::vector<int64_t> negative_categories = {}, not_exhaustive_categories = {};
  Image unknown = {};   // 255 where the data set says that nobody knows, of the picture's size; empty: nowhere
  bool turned = false;  // masks were made in the stored frame and are turned with the picture
  PictureNotes notes = {};
  int64_t skipped = 0;  // masks and boxes of this picture that were unusable and are left out
};

// What a choice among a picture's masks goes by, before they are drawn.
struct MaskBrief {
  int64_t area = 0;  // pixels inside, in the mask's file
  bool crowd = false;
};
// The position of the mask to take; negative: none of them.
using ChooseMask = std::function<int64_t(const std::vector<MaskBrief>& masks)>;

// size() samples; get(i) is safe to call from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual Sample get(int64_t index) const = 0;        // throws Error naming the file
  virtual std::string path(int64_t index) const = 0;  // the picture's, for messages and fingerprints
  // The picture with one of its masks, or with none where `choose` takes none: one of many is drawn, not all.
  virtual Sample get_one(int64_t index, const ChooseMask& choose) const;
  // What a picture's masks are, without the picture.
  virtual std::vector<MaskBrief> masks_of(int64_t index) const;
  // The same before a run. Throws Error where they differ in size from the picture, by its header.
  virtual std::vector<MaskBrief> checked_masks_of(int64_t index) const { return masks_of(index); }
  // How its files are read, for people: one line, or "".
  virtual std::string told() const { return ""; }
};

}  // namespace hqsam
