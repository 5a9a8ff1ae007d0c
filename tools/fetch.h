// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace hqsam {

struct FetchOptions {
  std::string url, sha256;  // sha256 "": any
  uint64_t bytes = 0;
  bool exact = true;  // false: `bytes` is about what to expect
  std::filesystem::path target;
};

struct Fetched {
  uint64_t bytes;
  std::string sha256;  // of the file
  bool was_there;      // and nothing was fetched
};

// Gets a file with curl into target + ".part", checks its size and SHA-256, and renames it. What came before a break
// stays there, and the next call goes on from it. A target that is there already is checked and left. Throws Error for
// no curl, no network, what the server says, a full disk, and a file that is not the one expected, which is removed.
Fetched fetch_file(const FetchOptions& options);

}  // namespace hqsam
