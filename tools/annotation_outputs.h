// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/annotation_writer.h"

namespace hqsam {

// What --format, --polygons and --simplify ask for.
struct AnnotationOutputOptions {
  std::vector<AnnotationFormat> formats;  // a folder each in the output, of the format's name
  bool polygons = false;                  // WriterOptions
  double simplify = 0;
  bool changes_masks() const { return polygons || simplify > 0; }
};

// --polygons and --simplify.
void add_annotation_options(CLI::App& command, AnnotationOutputOptions& options);
// The formats among the words of --format, each once; other words are left to the caller.
std::vector<AnnotationFormat> annotation_formats(const std::vector<std::string>& words);

// The annotation files of a command's pictures, one writer for each format.
class AnnotationOutputs {
 public:
  // pictures: all that may come. keep_numbers: WriterOptions, of YOLO.
  AnnotationOutputs(const std::filesystem::path& folder, const AnnotationOutputOptions& options,
                    const std::vector<std::filesystem::path>& pictures, bool keep_numbers = false);

  bool any() const { return !outputs_.empty(); }
  // The name that a picture has in them.
  const std::string& name(size_t number) const { return names_[number]; }
  // Of each format; picture.path is set here, to `file` as each format's folder sees it. From any thread. Throws Error
  // where a format cannot hold the picture.
  std::vector<PreparedPicture> prepare(PictureToWrite& picture, const std::filesystem::path& file) const;
  // After all: writes the files that stand for all pictures, and warns of what the formats cannot keep and of files
  // that an earlier run left.
  void finish();

 private:
  struct Output {
    std::string format;
    std::filesystem::path folder;
    std::unique_ptr<AnnotationWriter> writer;
  };
  std::vector<Output> outputs_;
  std::vector<std::string> names_;
  std::time_t start_ = std::time(nullptr);
};

}  // namespace hqsam
