// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "hqsam/core/file.h"
#include "hqsam/onnx/graph.h"

namespace hqsam::onnx {

// A graph as a file, with its weights inside or, beyond external_above bytes, in a second file named path + ".data".
// The constructor writes temporary files, one weight in memory at a time; commit() puts them in place.
class ModelFile {
 public:
  ModelFile(const std::filesystem::path& path, const Graph& graph, const std::map<std::string, std::string>& metadata,
            int64_t external_above);
  void commit();

 private:
  std::filesystem::path path_, data_path_;
  std::optional<AtomicFile> data_;
  AtomicFile file_;
};

}  // namespace hqsam::onnx
