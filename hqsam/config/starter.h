// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hqsam/data/find_sets.h"

namespace hqsam {

// What a look at found sets has counted.
struct SetSize {
  int64_t pictures = 0;
  double masks = 0;    // of all pictures, from those that were looked at
  int64_t looked = 0;  // pictures whose masks were counted
  std::string told;    // how mask files are read
};
SetSize size_up(const SetOptions& set, int64_t workers);

// A first train.yaml for these sets, with advice for their size in comments; load_config reads it. Paths of sets are
// relative to `folder`, where the file will lie. checkpoint: the SAM to start from; data: what was found, whose name
// the run's folder gets.
std::string starter_yaml(const FoundSets& sets, const SetSize& train, const std::filesystem::path& folder,
                         const std::string& checkpoint, const std::filesystem::path& data);

}  // namespace hqsam
