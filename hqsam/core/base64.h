// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hqsam {

// The bytes that base64 text stands for; line breaks and the filling at the end may be there or not, and a data URL's
// front ("data:image/png;base64,"). Throws Error at any other character.
std::string base64_bytes(std::string_view text);

// Bytes as base64 (RFC 4648), filled up at the end.
std::string base64_text(std::string_view bytes);

}  // namespace hqsam
