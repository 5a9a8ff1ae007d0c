// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace hqsam {

// A checkpoint that its authors offer to everyone.
struct PublicWeights {
  std::string_view name, file, variant, what;
  uint64_t bytes;
  bool exact;               // false: the size is published in round numbers only
  std::string_view sha256;  // small hexadecimal digits; "": not published
  std::string_view licence, url;
};

const std::vector<PublicWeights>& public_weights();

// By name or file. Throws Error that names the nearest one.
const PublicWeights& public_weights(std::string_view name);

}  // namespace hqsam
