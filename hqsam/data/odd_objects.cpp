// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/odd_objects.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {

void check_frame(Size frame, const std::string& name) {
  try {
    check_rle_size("PictureObjects", frame);
  } catch (const Error& error) {
    fail("PictureObjects", "{}: {}", shown_short(name, 1000), error.what());
  }
}

void leave_out(PictureObjects& objects, std::string_view object, std::string_view why) {
  if (++objects.skipped > 1) return;
  if (why.starts_with('[')) {
    const size_t end = why.find("] ");
    if (end != std::string_view::npos) why.remove_prefix(end + 2);
  }
  objects.why_skipped = std::string(object) + ": " + std::string(why);
}

int64_t category_of_name(std::string_view name) {
  if (name.empty()) return 0;
  const uint64_t bits = fingerprint(name);
  const auto number = static_cast<int64_t>((bits ^ (bits >> 32)) & 0x7fffffff);
  return std::max<int64_t>(number, 1);
}

}  // namespace hqsam
