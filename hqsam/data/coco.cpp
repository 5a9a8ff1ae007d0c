// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco.h"

#include <algorithm>
#include <utility>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/coco_set.h"
#include "hqsam/data/json_stream.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

using nlohmann::json;

const json kNothing;

std::string text_of(const json& item, const char* key) {
  const auto at = item.find(key);
  return at != item.end() && at->is_string() ? at->get<std::string>() : "";
}

// LVIS has no file_name.
std::string file_name(const json& image) {
  for (const char* key : {"file_name", "coco_url", "flickr_url"}) {
    std::string name = text_of(image, key);
    if (!name.empty()) return name;
  }
  return "";
}

// [x, y, width, height] as corners; empty unless it has four numbers.
std::optional<Box> box_of(const json& item) {
  const auto at = item.find("bbox");
  if (at == item.end() || !at->is_array() || at->size() != 4) return std::nullopt;
  double values[4];
  for (size_t i = 0; i < 4; ++i) {
    const auto value = number_in_json((*at)[i]);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  return Box{values[0], values[1], values[0] + values[2], values[1] + values[3]};
}

// Reads the file's lists in any order; masks wait until their picture is known.
class CocoReader {
 public:
  explicit CocoReader(const SetOptions& options) : options_(options) {}

  CocoSet read() {
    const std::vector<std::string> keys =
        stream_json(options_.annotations, [&](const std::string& section, const json& item) { visit(section, item); });
    check_keys(keys);
    for (auto& [image, annotation] : std::exchange(waiting_, {})) {
      if (!add(image, annotation) && !annotation.segmentation.empty()) {
        set_.annotations.add("of a picture that 'images' lacks", annotation.id);
      }
    }
    if (!options_.detections.empty()) read_detections();
    sort_pictures();
    return std::move(set_);
  }

 private:
  void visit(const std::string& section, const json& item) {
    if (section.empty()) refuse_list(item);
    if (section == "images") read_picture(item);
    if (section == "annotations") read_annotation(item);
    if (section == "categories") set_.categories.list(item);
  }

  [[noreturn]] void refuse_list(const json& item) {
    const bool results = item.is_object() && item.contains("image_id");
    fail("open_coco", "a list{}; annotations are an object with 'images' and 'annotations'",
         results ? " of predictions (COCO results)" : "");
  }

  void check_keys(const std::vector<std::string>& keys) const {
    const auto has = [&](const char* key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
    if (has("images")) return;
    const char* hint = has("videos")   ? ": is it YouTube-VIS (type: ytvis)?"
                       : has("shapes") ? ": is it LabelMe's (type: labelme)?"
                       : has("image")  ? ": is it SA-1B's (type: sa1b)?"
                                       : "";
    fail("open_coco", "{} has no 'images'; its keys are: {}{}", options_.annotations.string(), shown_keys(keys), hint);
  }

  void read_picture(const json& item) {
    const auto id = item.is_object() ? coco_id(item, "id") : std::nullopt;
    if (!id) return set_.images.add("without an id", json_shown(item));
    AnnotatedPicture picture;
    picture.name = file_name(item);
    if (picture.name.empty()) return set_.images.add("without a file_name", *id);
    picture.size = coco_size(item);
    picture.federated = item.contains("neg_category_ids");
    picture.negative_categories = categories(item, "neg_category_ids");
    picture.not_exhaustive_categories = categories(item, "not_exhaustive_category_ids");
    picture.detected = !options_.detections.empty();
    const auto [at, added] = by_id_.emplace(*id, set_.pictures.size());
    if (added) {
      ids_.push_back(*id);
      set_.pictures.push_back(std::move(picture));
      return;
    }
    const AnnotatedPicture& other = set_.pictures[at->second];
    if (other.name == picture.name && other.size == picture.size) return set_.images.add("listed twice", *id);
    fail("open_coco", "two pictures have the id {}: {} of {}x{} and {} of {}x{} (width x height)", cut_short(*id),
         cut_short(other.name), other.size.width, other.size.height, cut_short(picture.name), picture.size.width,
         picture.size.height);
  }

  std::vector<int64_t> categories(const json& item, const char* key) {
    std::vector<int64_t> positions;
    const auto list = item.find(key);
    if (list == item.end() || !list->is_array()) return positions;
    for (const json& id : *list) {
      const int64_t position = set_.categories.position(json{{"id", id}}, "id");
      if (position >= 0) positions.push_back(position);
    }
    return positions;
  }

  void read_annotation(const json& item) {
    const int64_t number = ++set_.annotation_count;
    if (!item.is_object()) return set_.annotations.add("no object but another value", json_shown(item));
    AnnotatedPicture::Annotation annotation;
    annotation.id = coco_id(item, "id").value_or(fmt::format("number {} of the list", number));
    const auto image = coco_id(item, "image_id");
    if (!image) return set_.annotations.add("without an image_id", annotation.id);
    const auto at = item.find("segmentation");
    std::string fault = segmentation_fault(at == item.end() ? kNothing : *at, item);
    if (const auto info = coco_mask_info(item, set_.categories)) {
      annotation.info = *info;
    } else if (fault.empty()) {
      fault = "with an iscrowd that is neither 0 nor 1";
    }
    if (fault.empty()) {
      annotation.segmentation = at->dump();
    } else {
      set_.annotations.add(fault, annotation.id);
    }
    if (!add(*image, annotation)) waiting_.push_back({*image, std::move(annotation)});
  }

  // Adds a mask to its picture, which counts unusable ones. False if the picture is not known.
  bool add(const std::string& image, AnnotatedPicture::Annotation& annotation) {
    const auto at = by_id_.find(image);
    if (at == by_id_.end()) return false;
    AnnotatedPicture& picture = set_.pictures[at->second];
    if (annotation.segmentation.empty()) {
      ++picture.skipped;
    } else {
      picture.annotations.push_back(std::move(annotation));
    }
    return true;
  }

  void read_detections() {
    LeftOut left;
    int64_t count = 0;
    stream_json(options_.detections, [&](const std::string&, const json& item) {
      ++count;
      const std::string fault = read_detection(item);
      if (!fault.empty()) left.add(fault, fmt::format("number {}", count));
    });
    if (left.total() == count) {
      fail("open_coco",
           "{} has no box for a picture and category of {}: it belongs to another data set, or is not a detector's{}",
           options_.detections.string(), options_.annotations.string(), count > 0 ? "; " + left.told() : "");
    }
    left.warn(options_.name, "of the detector's boxes are");
  }

  // The reason to leave it out, or "".
  std::string read_detection(const json& item) {
    const auto image = item.is_object() ? coco_id(item, "image_id") : std::nullopt;
    const auto picture = image ? by_id_.find(*image) : by_id_.end();
    if (picture == by_id_.end()) return "of a picture that 'images' lacks";
    const int64_t category = set_.categories.position(item, "category_id");
    if (category < 0 || set_.categories.of(category) == nullptr) return "of a category that 'categories' lacks";
    const auto box = box_of(item);
    const auto score = item.find("score");
    const auto number = score == item.end() ? std::nullopt : number_in_json(*score);
    if (box && number) {
      set_.pictures[picture->second].boxes.push_back({*box, *number, category});
      return "";
    }
    ++set_.pictures[picture->second].skipped;
    return box ? "without a score" : "without 'bbox': [x, y, width, height]";
  }

  void sort_pictures() {
    using Key = std::pair<int64_t, std::string>;  // whole numbers, then texts
    std::vector<std::pair<Key, size_t>> order;
    for (size_t i = 0; i < ids_.size(); ++i) {
      const auto number = coco_whole_id(ids_[i]);
      order.push_back({number ? Key{*number, ""} : Key{INT64_MAX, ids_[i]}, i});
    }
    std::sort(order.begin(), order.end());
    std::vector<AnnotatedPicture> pictures;
    pictures.reserve(order.size());
    for (const auto& [key, i] : order) pictures.push_back(std::move(set_.pictures[i]));
    set_.pictures = std::move(pictures);
  }

  const SetOptions& options_;
  CocoSet set_;
  std::unordered_map<std::string, size_t> by_id_;
  std::vector<std::string> ids_;  // of the pictures
  std::vector<std::pair<std::string, AnnotatedPicture::Annotation>> waiting_;
};

}  // namespace

std::shared_ptr<const Dataset> open_coco(const SetOptions& options) {
  options.validate();
  return open_coco_set(options, CocoReader(options).read());
}

}  // namespace hqsam
