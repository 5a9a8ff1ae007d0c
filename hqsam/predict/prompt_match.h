// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hqsam {

// Which of the names in a prompts file is each picture's.
struct PromptMatch {
  std::vector<std::optional<size_t>> name_of;  // by picture: an index into the names
  std::vector<std::string> error;              // by picture: why it has none though names may be its; "" otherwise
  std::vector<std::string> unused;             // names of no picture here
  std::vector<std::string> other_folder;       // names taken by their last part alone: their folders are others
};

// A name is a picture's file name, its stem, or the end of its path with either, parted by / or \; the longest such
// name wins, and file names before stems. Else a number is the picture whose stem is that number (139: 000000000139,
// COCO_val2014_000000000139). Else a path whose last part alone fits, where no other's does: it was written elsewhere.
PromptMatch match_prompts(const std::vector<std::string>& names, const std::vector<std::filesystem::path>& pictures);

}  // namespace hqsam
