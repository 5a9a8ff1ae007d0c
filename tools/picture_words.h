// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/image/codec.h"

namespace hqsam {

// A failure's message with its picture, once, in one line: "[command] picture: reason".
std::string failure_of_picture(std::string_view command, const std::filesystem::path& picture,
                               const std::exception_ptr& failure);

// Warns of what reading a picture did beside copying pixels; of what is the same for many, once.
class PictureWarnings {
 public:
  void tell(const std::filesystem::path& picture, const PictureNotes& notes);

 private:
  bool told_range_ = false, told_bands_ = false;
};

// What became of a command's pictures.
struct PicturesOutcome {
  int64_t pictures = 0, masks = 0;           // done, and written
  std::vector<std::string> failed;           // pictures, or "picture (2 of 10 prompts)"
  std::vector<std::string> without_prompts;  // pictures
};

// Says what failed and, in the last line, what was done; returns the exit code. prompts: what came from the file
// `source`, "prompts" or "boxes".
int tell_outcome(const PicturesOutcome& outcome, size_t pictures, std::string_view prompts,
                 const std::filesystem::path& source, const std::filesystem::path& output, double seconds);

}  // namespace hqsam
