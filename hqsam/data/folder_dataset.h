// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <string>

#include "hqsam/data/dataset.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// Files directly in the folder whose names end in extension, by the rest of their names; dot files do not count, and
// the extension matches in any case. Throws Error where the folder is missing or two files share a stem.
std::map<std::string, std::filesystem::path> files_by_stem(const SetOptions& options,
                                                           const std::filesystem::path& folder,
                                                           const std::string& extension);

// Throws Error naming both files unless a mask has its picture's size.
void check_mask_size(const char* function, const Sample& sample, const Image& mask, const std::filesystem::path& path);

// Pairs in order of sorted paths. Only files directly in the folders count, names that begin with a
// dot do not, and extensions match in any case. The constructor throws Error when a folder is missing or
// has no pictures, when two files share a stem, or when pictures lack masks (the first few are named);
// masks without a picture are left out; coarse masks, where given, must be there for every picture. get() throws Error
// when sizes differ; a 0/1 mask is read as 0/255 with a warning once per set.
class FolderDataset : public Dataset {
 public:
  explicit FolderDataset(SetOptions options);
  int64_t size() const override { return static_cast<int64_t>(pairs_.size()); }
  Sample get(int64_t index) const override;
  std::string path(int64_t index) const override { return pairs_[index].image.string(); }
  const SetOptions& options() const { return options_; }

 private:
  static Image read_mask(const Sample& sample, const std::filesystem::path& path);
  // True where the mask was 0/1 and is 0/255 now.
  bool scale_zero_one(Image& mask, const std::filesystem::path& path) const;

  struct Pair {
    std::filesystem::path image, mask, coarse;
  };
  SetOptions options_;
  std::vector<Pair> pairs_;
  mutable std::atomic<bool> warned_{false};
};

}  // namespace hqsam
