// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/data/dataset.h"
#include "hqsam/data/framed_picture.h"
#include "hqsam/data/mask_file.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/picture_tally.h"

namespace hqsam {

// Pictures with mask files: kFolder, kBig, kDavis, kVoc, and shards of such pairs. Which files belong together says
// pairing.h; what mask files mean says mask_rule.h, decided when the set is opened, from the masks of up to 128
// pictures. Pictures, masks and coarse masks come out upright, see SetOptions::exif. The constructor throws Error
// as pair_files and decide_mask_reading do, where none of the masks can be read, and where all of them differ in size
// from their pictures; get() where a file is corrupt, of another size or of another kind than the set's.
class FolderDataset : public Dataset {
 public:
  // Lists the files of the options' folders.
  explicit FolderDataset(SetOptions options);
  FolderDataset(SetOptions options, const SetFiles& files);

  int64_t size() const override { return static_cast<int64_t>(pairs_.size()); }
  Sample get(int64_t index) const override;
  Sample get_one(int64_t index, const ChooseMask& choose) const override;
  std::vector<MaskBrief> masks_of(int64_t index) const override;
  std::vector<MaskBrief> checked_masks_of(int64_t index) const override;
  std::string path(int64_t index) const override { return pairs_[index].image.label(); }
  std::string told() const override;
  const SetOptions& options() const { return options_; }
  const MaskReading& reading() const { return reading_; }

 private:
  struct OpenMask;
  void look();  // decides reading_
  Sample open(int64_t index, FramedPicture& picture) const;
  OpenMask open_mask(const PicturePair& pair, const DataFile& file) const;
  // several: of one picture, which are packed.
  void add_label(Sample& sample, const FramedPicture& picture, OpenMask& mask, size_t i, bool several) const;
  // Where a picture is given, masks of another size are an Error.
  std::vector<MaskBrief> briefs(int64_t index, const FramedPicture* picture) const;
  void check_index(int64_t index) const;

  SetOptions options_;
  std::vector<PicturePair> pairs_;
  MaskReading reading_;
  int64_t looked_at_ = 0;
  PictureTally tally_;
};

}  // namespace hqsam
