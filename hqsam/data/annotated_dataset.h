// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "hqsam/data/data_file.h"
#include "hqsam/data/dataset.h"
#include "hqsam/data/framed_picture.h"
#include "hqsam/data/objects.h"
#include "hqsam/data/picture_tally.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// A picture whose masks stand in a JSON of many pictures (annotations), or in a file of its own (objects_file).
struct AnnotatedPicture {
  DataFile picture;
  std::string name;  // of the file, as the annotations have it
  Size size;         // as the annotations state it; 0 x 0: they do not
  struct Annotation {
    MaskInfo info;
    std::string segmentation;  // COCO's, as JSON text: polygons or run lengths
    std::string id;            // for messages
  };
  std::vector<Annotation> annotations;
  DataFile objects_file;
  bool detected = false;         // a detector looked at the set
  std::vector<ScoredBox> boxes;  // of the annotations' frame and as stated: turned and cut when the picture is read
  bool federated = false;
  std::vector<int64_t> negative_categories, not_exhaustive_categories;
  int64_t skipped = 0;  // masks and boxes that were unusable and are left out already
};

// Masks are drawn when a picture is asked for. A segmentation that is corrupt or of another size is left out,
// counted in Sample::skipped, and warned of once per set. A mask without an inside stays, as a truth that average
// precision counts. The picture, its masks and its boxes come out upright by the set's ExifRule: masks and boxes are in
// the frame whose size the annotations (or, where they do not, the run lengths) state; where that is the picture's
// size before it is turned, they are turned with it, told in Sample::turned, and warned of once per set. With
// CrowdRule::kUse no mask is a crowd. An empty objects_file is a picture without objects. The constructor throws Error
// without pictures and where picture files are missing (the first few are named); get() where a picture is of neither
// size that the annotations allow, and where its masks would take more than 2^33 bytes.
class AnnotatedDataset : public Dataset {
 public:
  // read: of pictures with an objects_file.
  AnnotatedDataset(SetOptions options, std::vector<AnnotatedPicture> pictures, ReadObjects read = {});
  int64_t size() const override { return static_cast<int64_t>(pictures_.size()); }
  Sample get(int64_t index) const override { return draw(index, {}); }
  Sample get_one(int64_t index, const ChooseMask& choose) const override { return draw(index, choose); }
  std::vector<MaskBrief> masks_of(int64_t index) const override;
  std::vector<MaskBrief> checked_masks_of(int64_t index) const override;
  std::string path(int64_t index) const override { return pictures_[index].picture.label(); }

 private:
  const AnnotatedPicture& at(int64_t index) const;
  // choose: empty: all masks.
  Sample draw(int64_t index, const ChooseMask& choose) const;
  PictureObjects objects_of(const AnnotatedPicture& picture, const FramedPicture& framed) const;
  // The EXIF orientation that brings masks and boxes to the picture's frame.
  int turn_of(const AnnotatedPicture& picture, const FramedPicture& framed, Size frame) const;
  void add_masks(const PictureObjects& objects, int turn, Sample& sample) const;
  void warn_of_skipped(const Sample& sample, const std::string& why) const;

  SetOptions options_;
  std::vector<AnnotatedPicture> pictures_;
  ReadObjects read_;
  PictureTally tally_;
  mutable std::atomic<bool> warned_skipped_{false}, warned_tag_{false};
};

}  // namespace hqsam
