// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/data/annotated_dataset.h"
#include "hqsam/data/json_stream.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A JSON file's lists may come in any order, so masks wait until all pictures are known.
struct CocoFile {
  std::map<int64_t, AnnotatedPicture> pictures;                      // by id
  std::multimap<int64_t, AnnotatedPicture::Annotation> annotations;  // by picture
  std::map<int64_t, char> categories;  // with LVIS's frequency or 0; empty: the file lists none
};

Size stated_size(const json& item, const std::string& what) {
  const Size size = {json_integer(item, "height", what), json_integer(item, "width", what)};
  if (size.height < 1 || size.width < 1) {
    fail("open_coco", "'{}': a picture of {} x {} pixels (height x width)", what, size.height, size.width);
  }
  return size;
}

// LVIS has no file_name; the last two parts of its coco_url are folder and file.
std::string file_name(const json& image) {
  if (!image.contains("file_name") && image.contains("coco_url")) {
    const fs::path url = json_text(image, "coco_url", "images");
    return (url.parent_path().filename() / url.filename()).string();
  }
  return json_text(image, "file_name", "images");
}

std::vector<int64_t> ids(const json& item, const char* key) {
  std::vector<int64_t> list;
  if (!item.contains(key)) return list;
  for (const json& id : json_list(item, key, "images")) {
    if (!id.is_number_integer()) fail("open_coco", "'images': '{}' holds something that is no category id", key);
    list.push_back(id.get<int64_t>());
  }
  return list;
}

fs::path picture_path(const fs::path& folder, const std::string& name) {
  std::error_code error;
  const fs::path path = folder / name, flat = folder / fs::path(name).filename();
  return !fs::exists(path, error) && fs::exists(flat, error) ? flat : path;
}

MaskInfo mask_info(const json& annotation) {
  MaskInfo info;
  info.category = json_integer(annotation, "category_id", "annotations");
  const auto crowd = annotation.find("iscrowd");
  if (crowd != annotation.end()) {
    info.crowd = crowd->is_boolean() ? crowd->get<bool>() : json_integer(annotation, "iscrowd", "annotations") != 0;
  }
  const auto area = annotation.find("area");
  if (area != annotation.end() && area->is_number()) info.area = area->get<double>();
  return info;
}

void read_picture(const json& item, const fs::path& folder, CocoFile& file) {
  AnnotatedPicture picture;
  picture.name = file_name(item);
  picture.picture.path = picture_path(folder, picture.name);
  picture.size = stated_size(item, "images");
  picture.federated = item.contains("neg_category_ids");
  picture.negative_categories = ids(item, "neg_category_ids");
  picture.not_exhaustive_categories = ids(item, "not_exhaustive_category_ids");
  const int64_t id = json_integer(item, "id", "images");
  if (!file.pictures.emplace(id, std::move(picture)).second) fail("open_coco", "'images': two have the id {}", id);
}

void read_annotation(const json& item, CocoFile& file) {
  const auto segmentation = item.find("segmentation");
  if (segmentation == item.end()) fail("open_coco", "'annotations': an item lacks 'segmentation'");
  file.annotations.insert({json_integer(item, "image_id", "annotations"), {mask_info(item), segmentation->dump(), ""}});
}

void read_category(const json& item, CocoFile& file) {
  char frequency = 0;
  if (item.contains("frequency")) {
    const std::string text = json_text(item, "frequency", "categories");
    if (text != "r" && text != "c" && text != "f") {
      fail("open_coco", "'categories': a frequency is r, c or f, got '{}'", text);
    }
    frequency = text.front();
  }
  file.categories[json_integer(item, "id", "categories")] = frequency;
}

// The frequency that the file states.
char frequency_of(const CocoFile& file, int64_t category, const fs::path& path) {
  if (file.categories.empty()) return 0;
  const auto at = file.categories.find(category);
  if (at == file.categories.end()) {
    fail("open_coco", "{}: a mask is of category {}, which 'categories' does not have", path.string(), category);
  }
  return at->second;
}

CocoFile read_coco(const SetOptions& options) {
  CocoFile file;
  stream_json(options.annotations, [&](const std::string& section, const json& item) {
    if (section == "images") read_picture(item, options.images, file);
    if (section == "annotations") read_annotation(item, file);
    if (section == "categories") read_category(item, file);
  });
  for (auto& [image, annotation] : file.annotations) {
    const auto picture = file.pictures.find(image);
    if (picture == file.pictures.end()) {
      fail("open_coco", "{}: a mask is of picture {}, which 'images' does not have", options.annotations.string(),
           image);
    }
    annotation.info.frequency = frequency_of(file, annotation.info.category, options.annotations);
    picture->second.annotations.push_back(std::move(annotation));
  }
  file.annotations.clear();
  return file;
}

// x, y, width, height as corners within the picture; nothing where no area is left.
std::optional<Box> box_in_image(const json& numbers, Size size) {
  double values[4];
  for (size_t i = 0; i < 4; ++i) {
    if (numbers.size() != 4 || !numbers[i].is_number()) fail("open_coco", "'bbox' must be [x, y, width, height]");
    values[i] = numbers[i].get<double>();
  }
  const auto cut = [](double value, int64_t end) { return std::clamp(value, 0.0, static_cast<double>(end)); };
  const Box box = {cut(values[0], size.width), cut(values[1], size.height), cut(values[0] + values[2], size.width),
                   cut(values[1] + values[3], size.height)};
  const bool usable =
      std::isfinite(values[0] + values[1] + values[2] + values[3]) && box.x1 > box.x0 && box.y1 > box.y0;
  return usable ? std::optional(box) : std::nullopt;
}

void read_detections(const SetOptions& options, CocoFile& file) {
  int64_t known = 0, unknown_pictures = 0, unknown_categories = 0;
  stream_json(options.detections, [&](const std::string&, const json& item) {
    const int64_t image = json_integer(item, "image_id", "detections");
    const int64_t category = json_integer(item, "category_id", "detections");
    const double score = json_number(item, "score", "detections");
    const auto picture = file.pictures.find(image);
    if (picture == file.pictures.end()) {
      ++unknown_pictures;
      return;
    }
    if (!file.categories.empty() && !file.categories.contains(category)) {
      ++unknown_categories;
      return;
    }
    ++known;
    const auto box = box_in_image(json_list(item, "bbox", "detections"), picture->second.size);
    if (box && std::isfinite(score)) {
      picture->second.boxes.push_back({*box, score, category});
    } else {
      ++picture->second.skipped;
    }
  });
  if (known == 0) {
    fail("open_coco", "{} has no box for a picture and category of {}: it is of another data set",
         options.detections.string(), options.annotations.string());
  }
  if (unknown_pictures + unknown_categories > 0) {
    spdlog::warn("data set '{}': {} boxes of unknown pictures and {} of unknown categories are left out", options.name,
                 unknown_pictures, unknown_categories);
  }
}

}  // namespace

std::shared_ptr<const Dataset> open_coco(const SetOptions& options) {
  options.validate();
  CocoFile file = read_coco(options);
  if (!options.detections.empty()) read_detections(options, file);
  std::vector<AnnotatedPicture> pictures;
  for (auto& [id, picture] : file.pictures) {
    picture.detected = !options.detections.empty();
    pictures.push_back(std::move(picture));
  }
  return std::make_shared<AnnotatedDataset>(options, std::move(pictures));
}

std::shared_ptr<const Dataset> open_ytvis(const SetOptions& options) {
  options.validate();
  std::map<int64_t, std::vector<AnnotatedPicture>> videos;
  std::vector<json> tracks;
  stream_json(options.annotations, [&](const std::string& section, const json& item) {
    if (section == "annotations") tracks.push_back(item);
    if (section != "videos") return;
    std::vector<AnnotatedPicture> frames;
    for (const json& name : json_list(item, "file_names", "videos")) {
      if (!name.is_string()) fail("open_ytvis", "'videos': 'file_names' holds something that is no text");
      AnnotatedPicture frame;
      frame.name = name.get<std::string>();
      frame.picture.path = options.images / frame.name;
      frame.size = stated_size(item, "videos");
      frames.push_back(std::move(frame));
    }
    const int64_t id = json_integer(item, "id", "videos");
    if (!videos.emplace(id, std::move(frames)).second) fail("open_ytvis", "'videos': two have the id {}", id);
  });
  for (const json& track : tracks) {
    const int64_t id = json_integer(track, "video_id", "annotations");
    const auto video = videos.find(id);
    const json& segmentations = json_list(track, "segmentations", "annotations");
    if (video == videos.end() || segmentations.size() != video->second.size()) {
      fail("open_ytvis", "{}: an object of video {} has masks for {} frames, expected {}", options.annotations.string(),
           id, segmentations.size(),
           video == videos.end() ? "a video of 'videos'" : std::to_string(video->second.size()));
    }
    MaskInfo info = mask_info(track);
    info.area = -1;  // frame by frame; counted from the mask
    for (size_t i = 0; i < segmentations.size(); ++i) {
      if (!segmentations[i].is_null()) video->second[i].annotations.push_back({info, segmentations[i].dump(), ""});
    }
  }
  std::vector<AnnotatedPicture> frames;
  for (auto& [id, video] : videos) std::move(video.begin(), video.end(), std::back_inserter(frames));
  return std::make_shared<AnnotatedDataset>(options, std::move(frames));
}

}  // namespace hqsam
