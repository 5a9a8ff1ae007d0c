// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hqsam {

// What a folder's or a file's name says of its use in training.
enum class Use { kAny, kTrain, kValidate };

// "train", "Training", "DUTS-TR": kTrain; "val", "valid2017", "test", "TE": kValidate; others, and both: kAny.
Use use_of_name(const std::string& name);

struct FolderPair {
  std::filesystem::path images, masks;
  Use use = Use::kAny;
};

// Folders directly in one that belong together by the words of their names, where no usual names are there:
// train_images with train_masks, DUTS-TR-Image with DUTS-TR-Mask, train with train_masks or trainannot; and where one
// folder alone is of masks and one alone is not, these two. `folders` are those that hold pictures.
// Throws Error where two folders could hold the same pictures' masks.
std::vector<FolderPair> pair_folders(const std::vector<std::filesystem::path>& folders);

}  // namespace hqsam
