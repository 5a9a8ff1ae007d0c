// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/data/mask_rule.h"
#include "hqsam/image/codec.h"

namespace hqsam {

enum class SetFormat {
  kAuto,     // recognised from what is there
  kFolder,   // pictures and masks that find each other by their names
  kBig,      // the same, with the endings of BIG: _im.jpg, _gt.png, _seg.png
  kDavis,    // a folder per sequence under images and masks; masks hold palette indices
  kVoc,      // VOC's folders: JPEGImages, SegmentationObject or SegmentationClass, ImageSets/Segmentation
  kCoco,     // a JSON of masks for a folder of pictures: COCO, LVIS, UVO, SegInW
  kYtvis,    // a JSON of masks for folders of frames: YouTube-VIS, HQ-YTVIS
  kYolo,     // data.yaml, or images/ with labels/: a text of polygons for each picture
  kLabelme,  // a JSON of shapes for each picture
  kSa1b,     // a JSON of run lengths for each picture
  kTar,      // shards (.tar) of pictures with masks or SA-1B's JSONs beside them
};

// Which frame masks and coordinates count in where a picture has an EXIF orientation tag.
enum class ExifRule {
  kAuto,    // upright; but where a mask's size fits the stored pixels alone, it was made in that frame
  kApply,   // upright
  kIgnore,  // pictures and masks as they are stored
};

enum class CrowdRule { kSkip, kUse };

// How often an epoch draws each row of a set, at least and at most.
inline constexpr double kLeastWeight = 1e-6, kGreatestWeight = 10'000;

// Where a data set lies and how it is read. What a format does not use stays empty.
struct SetOptions {
  std::string name;
  SetFormat format = SetFormat::kAuto;
  std::filesystem::path images;  // a folder; kYolo: or data.yaml; kVoc: the folder of JPEGImages; kTar: or a shard
  std::filesystem::path masks;   // may be the same folder as images
  std::string image_ext;         // "": any picture's; else how names end, such as .jpg or _im.jpg
  std::string mask_ext;          // "": any
  std::string mask_name;         // "{stem}_mask.png": how a mask is called; "": found by rules (see pairing.h)
  std::filesystem::path coarse;  // kFolder, kBig: rough masks for mask prompts, or none
  std::string coarse_ext = ".png";
  std::filesystem::path annotations;  // kCoco, kYtvis: the JSON; else the folder of texts or JSONs, "": beside pictures
  std::filesystem::path detections;   // kCoco: a detector's JSON, for box prompts
  std::string split;                  // kVoc, kYolo: train, val, ...; "": all
  MaskRule mask;                      // how mask files are read
  PictureOptions picture;             // how pictures are read; orient is by `exif`
  ExifRule exif = ExifRule::kAuto;
  CrowdRule crowd = CrowdRule::kSkip;  // whether regions of many objects (iscrowd) are masks like others
  int64_t per_picture = 1;  // training: rows an epoch of each picture with several masks; 0 = one of each mask
  double min_area = 1;      // training: masks of fewer pixels inside are passed over
  bool coarsen = false;     // masks made rough, for pre-training a base (see CoarsenedDataset)
  double weight = 1;        // how often a training epoch draws each row, on average
  void validate() const;
};

}  // namespace hqsam
