// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/annotation_writer.h"

#include <sys/stat.h>

#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/data/data_file.h"

namespace hqsam {
namespace fs = std::filesystem;

void WriterOptions::validate() const {
  if (folder.empty()) fail("WriterOptions", "folder: the output folder is not set");
  if (!(simplify >= 0) || !std::isfinite(simplify)) {
    fail("WriterOptions", "simplify is pixels, at least 0, got {}", simplify);
  }
  if (polygons && format != AnnotationFormat::kCoco) fail("WriterOptions", "polygons is for coco");
  if (rasters && format != AnnotationFormat::kLabelme) fail("WriterOptions", "rasters is for labelme");
  if (label_pictures && format != AnnotationFormat::kMasks) fail("WriterOptions", "label_pictures is for masks");
  if (!classes.empty() && format != AnnotationFormat::kYolo) fail("WriterOptions", "classes is for yolo");
  if (keep_numbers && format != AnnotationFormat::kYolo) fail("WriterOptions", "keep_numbers is for yolo");
  if (keep_numbers && !classes.empty()) fail("WriterOptions", "classes and keep_numbers exclude each other");
  const bool outlines = (format == AnnotationFormat::kCoco && polygons) || format == AnnotationFormat::kYolo ||
                        (format == AnnotationFormat::kLabelme && !rasters);
  if (simplify > 0 && !outlines)
    fail("WriterOptions", "simplify is for polygons, which this format does not have here");
}

void PreparedPicture::write_files() const {
  for (const File& file : files) write_file_in_folders(file.path, file.bytes);
}

PreparedPicture AnnotationWriter::prepare(const PictureToWrite& picture) {
  for (const MaskToWrite& mask : picture.masks) {
    if (mask.rle.size == picture.size) continue;
    fail("AnnotationWriter", "{} is {}x{} and a mask of it {}x{} (width x height)", picture.name, picture.size.width,
         picture.size.height, mask.rle.size.width, mask.rle.size.height);
  }
  return prepare_picture(picture);
}

bool AnnotationWriter::add(const PictureToWrite& picture) {
  const PreparedPicture prepared = prepare(picture);
  prepared.write_files();
  if (prepared.commit) prepared.commit();
  return !prepared.left_out;
}

std::string AnnotationWriter::losses() const {
  static constexpr std::array<const char*, kLossCount> kWords = {
      "{} masks with soft edges (above 128 is inside)", "{} crowd regions (left out)",
      "{} masks without an inside (left out)",          "{} masks' categories",
      "unknown regions of {} pictures (now outside)",   "{} scores",
      "{} pictures without masks (left out)",           "{} masks where others lie over them (smaller ones lie on top)",
      "{} masks that others cover (left out)"};
  std::string text;
  for (size_t i = 0; i < kLossCount; ++i) {
    if (lost_[i] > 0) text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(kWords[i]), lost_[i].load());
  }
  return text;
}

std::unique_ptr<AnnotationWriter> make_annotation_writer(const WriterOptions& options) {
  options.validate();
  switch (options.format) {
    case AnnotationFormat::kCoco:
      return make_coco_writer(options);
    case AnnotationFormat::kYolo:
      return make_yolo_writer(options);
    case AnnotationFormat::kLabelme:
      return make_labelme_writer(options);
    case AnnotationFormat::kMasks:
      return make_mask_writer(options);
  }
  fail("make_annotation_writer", "no such format: {}", static_cast<int>(options.format));
}

std::array<double, 4> coco_bbox(const Box& box) { return {box.x0, box.y0, box.x1 - box.x0 + 1, box.y1 - box.y0 + 1}; }

std::string category_label(const MaskInfo& info) {
  if (!info.category_name.empty()) return info.category_name;
  return info.category == 0 ? "object" : std::to_string(info.category);
}

void write_file_in_folders(const fs::path& path, std::string_view bytes) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) fail("write_file", "cannot create {}: {}", path.parent_path().string(), error.message());
  write_file(path, bytes);
}

std::vector<std::string> untouched_since(std::time_t start, const fs::path& folder) {
  std::vector<std::string> untouched;
  for (const DataFile& file : files_in(folder)) {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) == 0 && status.st_ctime < start) untouched.push_back(file.name);
  }
  return untouched;
}

std::string stem_of(const std::string& name) { return (fs::path(name).parent_path() / fs::path(name).stem()).string(); }

}  // namespace hqsam
