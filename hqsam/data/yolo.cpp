// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo.h"

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/data/annotated_dataset.h"
#include "hqsam/data/yolo_files.h"

namespace hqsam {
namespace {

constexpr int64_t kEnough = 50;  // polygons are enough to know a set's kind

// What the first texts hold.
struct Look {
  int64_t polygons = 0, four_corners = 0, boxes = 0, texts = 0;
  std::string odd;  // the first line that is neither
};

Look look_at(const YoloFiles& files) {
  Look look;
  for (const YoloPicture& picture : files.pictures) {
    if (picture.label.empty()) continue;
    ++look.texts;
    for (const YoloLine& line : yolo_lines(DataBytes(picture.label).text())) {
      look.boxes += line.box ? 1 : 0;
      look.polygons += line.why.empty() ? 1 : 0;
      look.four_corners += line.why.empty() && line.corners.size() == 4 ? 1 : 0;
      if (!line.why.empty() && !line.box && look.odd.empty()) {
        look.odd = fmt::format("{}: line {}: {}", picture.label.label(), line.number, line.why);
      }
    }
    if (look.polygons >= kEnough) break;
  }
  return look;
}

void check(const SetOptions& options, const YoloFiles& files) {
  const Look look = look_at(files);
  if (look.polygons == 0) {
    fail("open_yolo", "data set '{}': its {} texts have no polygon{}{}", options.name, look.texts,
         look.boxes == 0 ? "" : fmt::format(", but {} boxes: it is a set for detection, not segmentation", look.boxes),
         look.odd.empty() ? "" : "; " + look.odd);
  }
  if (look.polygons >= kEnough && look.four_corners == look.polygons) {
    spdlog::warn(
        "data set '{}': all of the first {} polygons have four corners; where these are oriented boxes, they "
        "are no masks",
        options.name, look.polygons);
  }
  if (look.boxes > 0) {
    spdlog::warn("data set '{}': boxes among its polygons ({} in the first {} texts) are left out", options.name,
                 look.boxes, look.texts);
  }
  if (files.without_text + files.empty_texts > 0) {
    spdlog::warn("data set '{}': of {} pictures {} have no text and {} an empty one: pictures without objects",
                 options.name, files.pictures.size(), files.without_text, files.empty_texts);
  }
}

}  // namespace

std::shared_ptr<const Dataset> open_yolo(const SetOptions& options) {
  options.validate();
  const YoloFiles files = find_yolo_files(options);
  check(options, files);
  std::vector<AnnotatedPicture> pictures;
  for (const YoloPicture& file : files.pictures) {
    AnnotatedPicture picture;
    picture.picture = file.picture;
    picture.name = file.picture.name;
    picture.objects_file = file.label;
    pictures.push_back(std::move(picture));
  }
  return std::make_shared<AnnotatedDataset>(
      options, std::move(pictures),
      [classes = files.classes](std::string_view text, const std::string& name, Size size) {
        return read_yolo_text(text, name, size, classes);
      });
}

}  // namespace hqsam
