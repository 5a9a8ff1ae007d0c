// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/data/dataset.h"

namespace hqsam {

// Pictures whose masks stand in a JSON file.
struct AnnotatedPicture {
  std::filesystem::path path;
  std::string name;  // of the file, as the JSON has it
  Size size;         // as the JSON states it
  struct Annotation {
    MaskInfo info;
    std::string segmentation;  // COCO's, as JSON text: polygons or run lengths
  };
  std::vector<Annotation> annotations;
  bool detected = false;  // a detector looked at the set
  std::vector<ScoredBox> boxes;
  bool federated = false;
  std::vector<int64_t> negative_categories, not_exhaustive_categories;
  int64_t skipped = 0;  // boxes that were unusable
};

// Masks are drawn when a picture is asked for. A segmentation that is corrupt or of another size is left out,
// counted in Sample::skipped, and warned of once per set. A mask without an inside stays, as a truth that average
// precision counts. The constructor throws Error without pictures and where picture files are missing (the first few
// are named), get() where a picture is not of the size that the JSON states and where its masks would take more than
// 2^33 bytes.
class AnnotatedDataset : public Dataset {
 public:
  AnnotatedDataset(std::string name, std::vector<AnnotatedPicture> pictures);
  int64_t size() const override { return static_cast<int64_t>(pictures_.size()); }
  Sample get(int64_t index) const override;
  std::string path(int64_t index) const override { return pictures_[index].path.string(); }

 private:
  void add_mask(Sample& sample, const AnnotatedPicture& picture, const AnnotatedPicture::Annotation& annotation) const;

  std::string name_;
  std::vector<AnnotatedPicture> pictures_;
  mutable std::atomic<bool> warned_{false};
};

}  // namespace hqsam
