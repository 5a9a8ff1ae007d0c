// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>

#include "hqsam/data/dataset.h"

namespace hqsam {

// Folders of pictures and masks with equal stems.
struct FolderOptions {
  std::string name;
  std::filesystem::path images;
  std::filesystem::path masks;  // may be the same folder as images
  std::string image_ext = ".jpg";
  std::string mask_ext = ".png";
  bool coarsen = false;  // masks made rough, for pre-training a base (see CoarsenedDataset)
  double weight = 1;     // how often a training epoch draws each picture, on average
  void validate() const;
};

// Pairs in order of sorted paths. Only files directly in the folders count, names that begin with a
// dot do not, and extensions match in any case. The constructor throws Error when a folder is missing or
// has no pictures, when two files share a stem, or when pictures lack masks (the first few are named);
// masks without a picture are left out. get() throws Error when sizes differ; a 0/1 mask is read as
// 0/255 with a warning once per set.
class FolderDataset : public Dataset {
 public:
  explicit FolderDataset(FolderOptions options);
  int64_t size() const override { return static_cast<int64_t>(pairs_.size()); }
  Sample get(int64_t index) const override;
  std::string path(int64_t index) const override { return pairs_[index].image.string(); }
  const FolderOptions& options() const { return options_; }

 private:
  struct Pair {
    std::filesystem::path image, mask;
  };
  FolderOptions options_;
  std::vector<Pair> pairs_;
  mutable std::atomic<bool> warned_{false};
};

}  // namespace hqsam
