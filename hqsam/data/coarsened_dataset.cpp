// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coarsened_dataset.h"

#include "hqsam/core/random.h"
#include "hqsam/synth/coarsen.h"

namespace hqsam {

CoarsenedDataset::CoarsenedDataset(std::shared_ptr<const Dataset> fine, uint64_t seed)
    : fine_(std::move(fine)), seed_(seed) {}

Sample CoarsenedDataset::get(int64_t index) const {
  Sample sample = fine_->get(index);
  RandomStream stream = random_stream(seed_, 0, index, Draw::kSynth);
  for (Label& label : sample.labels) {
    const bool packed = label.is_packed();
    Mask coarse = coarsen(threshold_label(label), stream);
    label = packed ? Label(pack_tightly(coarse)) : Label(mask_to_gray(coarse));
  }
  return sample;
}

}  // namespace hqsam
