// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace hqsam {

// What a file is that is neither a .pth nor a safetensors file, from its first bytes, and what to do: "a web page
// (HTML), not the file behind the link: ...". Where it is nothing known, how it begins.
std::string foreign_file(std::span<const std::byte> file);

}  // namespace hqsam
