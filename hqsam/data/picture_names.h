// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hqsam {

// Names of files as annotation tools write them, parted by '/' or '\'.

// Ends in this extension (".json"), in any case.
bool has_extension(std::string_view name, std::string_view extension);
// What stands behind the last '/' or '\'.
std::string_view base_name(std::string_view name);
// Up to the last dot of the base name; all of it where there is none.
std::string_view without_extension(std::string_view name);

}  // namespace hqsam
