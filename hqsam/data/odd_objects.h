// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hqsam/data/objects.h"

namespace hqsam {

// Throws Error with the file's name where masks of this size cannot be drawn.
void check_frame(Size frame, const std::string& name);

// Counts an object that has no usable mask; the first one's reason is kept, without the name of a function in front.
void leave_out(PictureObjects& objects, std::string_view object, std::string_view why);

// A name as a category's number, where a format has names alone: the same in every file and on every machine, 1 to
// 2^31 - 1; 0 for an empty name.
int64_t category_of_name(std::string_view name);

}  // namespace hqsam
