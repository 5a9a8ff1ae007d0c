// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/errno_text.h"

#include <string.h>

#include <array>

namespace hqsam {

std::string errno_text(int error) {
  std::array<char, 256> room{};
  return ::strerror_r(error, room.data(), room.size());  // glibc's gives the text, in `room` or elsewhere
}

}  // namespace hqsam
