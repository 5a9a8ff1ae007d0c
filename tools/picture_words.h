// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

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

}  // namespace hqsam
