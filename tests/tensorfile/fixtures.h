// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "golden_path.h"
#include "hqsam/core/file.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/tensorfile/zip_writer.h"
#include "temporary_folder.h"

namespace hqsam {

// A test with a folder of its own.
class TempFolderTest : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view content, const std::string& name = "file") const {
    write_file(folder_ / name, content);
    return folder_ / name;
  }

  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path;
};

inline std::string golden(const std::string& name) { return testing_support::golden_path(name); }

// Exactly equal: dtype, shape and bits (floats without NaN).
inline void expect_same(const torch::Tensor& a, const torch::Tensor& b, const std::string& name) {
  EXPECT_EQ(a.scalar_type(), b.scalar_type()) << name;
  EXPECT_EQ(a.sizes(), b.sizes()) << name;
  EXPECT_TRUE(a.sizes() == b.sizes() && torch::equal(a, b)) << name;
}

inline void expect_same(const TensorMap& a, const TensorMap& b) {
  EXPECT_EQ(a.names(), b.names());
  for (const auto& [name, tensor] : a.tensors) {
    if (b.find(name) != nullptr) expect_same(tensor, b.at(name), name);
  }
}

// Number as it stands in a file.
template <class Number>
std::string packed(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

inline void patch(std::string& content, size_t at, std::string_view bytes) { content.replace(at, bytes.size(), bytes); }

// A zip archive of stored records.
inline void write_zip(const std::filesystem::path& path,
                      const std::vector<std::pair<std::string, std::string>>& records) {
  AtomicFile file(path);
  ZipWriter zip(file);
  for (const auto& [name, content] : records) zip.add(name, std::string_view(content));
  zip.finish();
  file.commit();
}

}  // namespace hqsam
