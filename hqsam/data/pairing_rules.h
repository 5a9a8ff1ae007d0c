// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/data/data_file.h"

// The rules of pairing.h: from a mask's name to its picture's. Names are relative to the set, parted by '/'; a key is a
// name without its ending.
namespace hqsam::pairing {

using Keys = std::map<std::string, const DataFile*>;  // pictures by key
struct Named {
  std::string key;
  const DataFile* file;
};

std::string file_part(const std::string& name);
std::string folder_part(const std::string& name);  // with the '/' at its end
// The name without a picture's ending, or without this one; nothing where it has another.
std::optional<std::string> without_picture_ending(const std::string& name);
std::optional<std::string> without_ending(const std::string& name, const std::string& ending);

// The key of the picture that a mask's key leads to, or "".
using Rule = std::function<std::string(const Keys& pictures, const std::string& key)>;
std::string if_there(const Keys& pictures, const std::string& key);
std::string same_name(const Keys& pictures, const std::string& key);           // a
std::string word_around(const Keys& pictures, const std::string& key);         // a_mask, gt-a
std::string whole_name(const Keys& pictures, const std::string& key);          // a.jpg
std::string number_behind(const Keys& pictures, const std::string& key);       // a_0, a_mask_1
std::string folder_of_its_name(const Keys& pictures, const std::string& key);  // a/0
std::string folder_beside(const Keys& pictures, const std::string& key);       // x/masks/0 of x/images/a, if x has one
Rule other_beginning(const Keys& pictures, const std::vector<Named>& masks);   // mask_0 of img_0
// "{stem}_*.png" against a mask's file name: what {stem} stands for, or "". One * at most, behind the stem.
std::string stem_by_pattern(const std::string& pattern, const std::string& name);

}  // namespace hqsam::pairing
