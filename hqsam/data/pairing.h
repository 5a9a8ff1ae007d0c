// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/data/data_file.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

struct PicturePair {
  std::string name;  // of the picture without its ending, folders in front: "x/a" of x/a.jpg
  DataFile image;
  std::vector<DataFile> masks;  // in order of their names
  DataFile coarse;
};

struct SetFiles {
  std::vector<DataFile> images, masks, coarse;
  bool together = false;  // pictures and masks lie in one folder: images and masks are the same files
};

// Which mask belongs to which picture, by names. Endings: those of image_ext and mask_ext, in any case; where the set
// does not say, any picture's. Pictures that end otherwise than a plain image_ext (.jpg) are taken too where their name
// is free and they have a mask. A mask finds its picture by the first rule that serves most pictures:
//   1. mask_name, where the set has it: "{stem}_mask.png", with * for "anything"
//   2. the same name: a.jpg, a.png
//   3. a word around it: a_mask, a-gt, mask_a, label_a, ...
//   4. the whole name: a.jpg.png
//   5. a number behind it, several masks: a_0, a_1
//   6. a folder of its name, several masks: a/0.png, a/1.png
//   7. a folder of masks beside the folder of one picture: x/images/a.png, x/masks/0.png, x/masks/1.png
//   8. the same name but for what all pictures' and all masks' names begin with: img_0, mask_0
// Folders count as parts of names; where none fits so, the names in the folders alone, if each comes once.
// Pictures without masks and masks without pictures are left out, with one warning that counts them; where there are
// both, or no pair at all, it is an Error that names some of each and the keys to set. Pairs come in order of pictures.
std::vector<PicturePair> pair_files(const SetOptions& options, const SetFiles& files);

// Whether a file's name ends as pictures do: .jpg, .PNG, .tif, ...
bool is_picture_name(const std::string& name);

}  // namespace hqsam
