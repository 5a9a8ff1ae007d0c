// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hqsam {

// A file's name (UTF-8) without what systems change in it: ASCII letters become small, and letters with an accent
// become the letter and the accent, as macOS stores them (Latin, Greek, Cyrillic, kana, Hangul). Equal keys: the same
// name to a person. Bytes that are no UTF-8 stay as they are.
std::string name_key(std::string_view name);

}  // namespace hqsam
