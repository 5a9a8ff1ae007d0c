// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hqsam::testing_support {

// A file of tests/golden, or the one of that name in the folder that the environment variable HQSAM_GOLDEN names.
inline std::string golden_path(const std::string& file) {
  if (const char* laid_over = std::getenv("HQSAM_GOLDEN"); laid_over != nullptr && *laid_over != '\0') {
    const auto path = std::filesystem::path(laid_over) / file;
    if (std::filesystem::exists(path)) return path.string();
    EXPECT_TRUE(std::filesystem::is_directory(laid_over)) << "HQSAM_GOLDEN is no folder: " << laid_over;
  }
  return std::string(HQSAM_SOURCE_DIR) + "/tests/golden/" + file;
}

}  // namespace hqsam::testing_support
