// SPDX-License-Identifier: Apache-2.0
#include "annotation_outputs.h"

#include <algorithm>

#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/output_names.h"

namespace hqsam {

namespace fs = std::filesystem;

void add_annotation_options(CLI::App& command, AnnotationOutputOptions& options) {
  command.add_flag("--polygons", options.polygons, "coco: polygons in place of run lengths");
  command.add_option("--simplify", options.simplify, "pixels by which polygons may depart; 0 = exact")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
}

std::vector<AnnotationFormat> annotation_formats(const std::vector<std::string>& words) {
  std::vector<AnnotationFormat> formats;
  for (const auto& [format, word] : kAnnotationFormats) {
    if (std::find(words.begin(), words.end(), word) != words.end()) formats.push_back(format);
  }
  return formats;
}

AnnotationOutputs::AnnotationOutputs(const fs::path& folder, const AnnotationOutputOptions& options,
                                     const std::vector<fs::path>& pictures, bool keep_numbers) {
  for (const AnnotationFormat format : options.formats) {
    WriterOptions writer{.format = format, .folder = folder / word_of(format, kAnnotationFormats)};
    writer.polygons = format == AnnotationFormat::kCoco && options.changes_masks();
    writer.simplify = options.simplify;
    writer.keep_numbers = format == AnnotationFormat::kYolo && keep_numbers;
    outputs_.push_back({word_of(format, kAnnotationFormats), writer.folder, make_annotation_writer(writer)});
    outputs_.back().writer->begin_set({});
  }
  if (!any()) return;
  std::vector<std::string> paths;
  for (const fs::path& picture : pictures) paths.push_back(picture.string());
  names_ = output_names(paths);
}

std::vector<PreparedPicture> AnnotationOutputs::prepare(PictureToWrite& picture, const fs::path& file) const {
  std::vector<PreparedPicture> prepared;
  for (const Output& output : outputs_) {
    const fs::path folder = (output.folder / picture.name).parent_path();  // LabelMe's JSONs lie as the pictures do
    picture.path = fs::absolute(file).lexically_relative(fs::absolute(folder)).generic_string();
    prepared.push_back(output.writer->prepare(picture));
  }
  return prepared;
}

void AnnotationOutputs::finish() {
  for (const Output& output : outputs_) {
    output.writer->finish();
    const std::string losses = output.writer->losses();
    if (!losses.empty()) spdlog::warn("{} cannot keep: {}", output.format, losses);
    const std::vector<std::string> others = untouched_since(start_, output.folder);
    if (others.empty()) continue;
    spdlog::warn("{} files in {} are of earlier runs, and readers may take them for a part of this one: {}",
                 others.size(), output.folder.string(), first_few(others));
  }
}

}  // namespace hqsam
