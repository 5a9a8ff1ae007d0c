// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/data/dataset.h"

namespace hqsam {

// Another data set with its masks as a hurried annotator would have drawn them (synth/coarsen.h): what
// a base is pre-trained on where only fine masks are at hand. A sample's coarse mask is always the same.
class CoarsenedDataset : public Dataset {
 public:
  CoarsenedDataset(std::shared_ptr<const Dataset> fine, uint64_t seed);
  int64_t size() const override { return fine_->size(); }
  Sample get(int64_t index) const override;
  std::vector<MaskBrief> masks_of(int64_t index) const override { return fine_->masks_of(index); }
  std::vector<MaskBrief> checked_masks_of(int64_t index) const override { return fine_->checked_masks_of(index); }
  std::string path(int64_t index) const override { return fine_->path(index); }
  std::string told() const override { return fine_->told(); }

 private:
  std::shared_ptr<const Dataset> fine_;
  uint64_t seed_;
};

}  // namespace hqsam
