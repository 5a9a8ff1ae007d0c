// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/picture_names.h"

#include <algorithm>
#include <cctype>

namespace hqsam {
namespace {

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

bool has_extension(std::string_view name, std::string_view extension) {
  return name.size() > extension.size() && equal_in_any_case(name.substr(name.size() - extension.size()), extension);
}

std::string_view base_name(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string_view without_extension(std::string_view name) {
  const size_t folder = name.size() - base_name(name).size(), dot = name.rfind('.');
  return dot == std::string_view::npos || dot <= folder ? name : name.substr(0, dot);
}

}  // namespace hqsam
