// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/dataset.h"

namespace hqsam {

// The samples of another data set until `stop` is set; get() then throws Stopped, by which a validation ends: at
// once, or after 3 s where a read hangs, whose thread is left behind (left_behind.h).
class StoppableDataset : public Dataset {
 public:
  StoppableDataset(std::shared_ptr<const Dataset> dataset, const std::atomic<bool>& stop)
      : dataset_(std::move(dataset)), stop_(stop) {}
  int64_t size() const override { return dataset_->size(); }
  Sample get(int64_t index) const override;
  std::vector<MaskBrief> masks_of(int64_t index) const override { return dataset_->masks_of(index); }
  std::string path(int64_t index) const override { return dataset_->path(index); }
  std::string told() const override { return dataset_->told(); }

 private:
  std::shared_ptr<const Dataset> dataset_;
  const std::atomic<bool>& stop_;
};

}  // namespace hqsam
