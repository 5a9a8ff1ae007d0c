// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/data/json_line.h"
#include "hqsam/mask/outline.h"
#include "hqsam/mask/packed.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json segmentation_json(const Rle& rle, bool polygons, double simplify) {
  if (!polygons || rle_area(rle) == 0) return rle_to_json(rle);
  Json list = Json::array();
  for (const Polygon& polygon : polygons_of_mask(rle_decode(rle), simplify)) {
    Json numbers = Json::array();
    for (const Point& corner : polygon) {
      numbers.push_back(corner.x);
      numbers.push_back(corner.y);
    }
    list.push_back(std::move(numbers));
  }
  return list;
}

// Everything but the ids, which depend on the order of pictures.
Json annotation_json(const MaskToWrite& item, const WriterOptions& options) {
  const std::optional<Box> box = pack_tightly(item.rle).box;  // never the whole picture's pixels
  Json bbox = {0, 0, 0, 0};
  if (box) bbox = coco_bbox(*box);
  Json json;
  json["id"] = 0;
  json["image_id"] = 0;
  json["category_id"] = 0;
  json["segmentation"] = segmentation_json(item.rle, options.polygons && !item.info.crowd, options.simplify);
  json["area"] = item.info.area >= 0 ? Json(item.info.area) : Json(rle_area(item.rle));
  json["bbox"] = bbox;
  json["iscrowd"] = item.info.crowd ? 1 : 0;
  if (item.score) json["score"] = *item.score;
  if (!item.members.empty()) json.update(Json::parse(item.members));
  return json;
}

class CocoWriter : public AnnotationWriter {
 public:
  using AnnotationWriter::AnnotationWriter;

  void begin_set(const SetToWrite& set) override {
    end_set();
    std::error_code error;
    fs::create_directories(options().folder, error);
    file_ = std::make_unique<AtomicFile>(options().folder / ((set.name.empty() ? "annotations" : set.name) + ".json"));
    file_->write("{\"info\": {\"description\": \"written by hqsam\"},\n\"annotations\": [");
    images_ = "";
    categories_.clear();
    pictures_ = masks_ = 0;
  }

  void finish() override { end_set(); }
  fs::path picture_folder() const override { return options().folder / "images"; }

 protected:
  PreparedPicture prepare_picture(const PictureToWrite& picture) override {
    if (picture.unknown != nullptr) lose(kUnknown);
    Json image;
    image["id"] = picture.id.value_or(0);
    image["file_name"] = picture.name;
    image["width"] = picture.size.width;
    image["height"] = picture.size.height;
    if (picture.federated) {
      image["neg_category_ids"] = picture.negative_categories;
      image["not_exhaustive_category_ids"] = picture.not_exhaustive_categories;
    }
    json_line(image);  // throws if the name is not valid
    std::vector<Json> annotations;
    std::vector<MaskInfo> infos;
    std::vector<std::optional<int64_t>> ids;
    for (const MaskToWrite& mask : picture.masks) {
      if (mask.soft != nullptr) lose(kSoft);
      annotations.push_back(annotation_json(mask, options()));
      infos.push_back(mask.info);
      ids.push_back(mask.id);
      json_line(category_label(mask.info));
    }
    return {{},
            [this, image, annotations, infos, ids, id = picture.id] { commit(image, annotations, infos, ids, id); },
            std::ssize(infos)};
  }

 private:
  void commit(Json image, std::vector<Json> annotations, const std::vector<MaskInfo>& infos,
              const std::vector<std::optional<int64_t>>& ids, std::optional<int64_t> image_id) {
    ++pictures_;
    image["id"] = image_id.value_or(pictures_);
    images_ += (pictures_ > 1 ? ",\n" : "\n") + json_line(image);
    for (size_t i = 0; i < annotations.size(); ++i) {
      annotations[i]["id"] = ids[i] ? *ids[i] : masks_ + 1;
      annotations[i]["image_id"] = image["id"];
      annotations[i]["category_id"] = category_id(infos[i]);
      file_->write((masks_ > 0 ? ",\n" : "\n") + json_line(annotations[i]));
      ++masks_;
    }
  }

  // Keeps a set's own numbers. Masks without categories become category 1.
  int64_t category_id(const MaskInfo& info) {
    const bool none = info.category == 0 && info.category_name.empty();
    const int64_t id = none ? 1 : info.category;
    categories_.try_emplace(id, info);
    return id;
  }

  void end_set() {
    if (!file_) return;
    Json categories = Json::array();
    for (const auto& [id, info] : categories_) {
      Json category = {{"id", id}, {"name", category_label(info)}};
      if (info.frequency != 0) category["frequency"] = std::string(1, info.frequency);
      categories.push_back(std::move(category));
    }
    file_->write("\n],\n\"images\": [" + images_ + "\n],\n\"categories\": " + json_line(categories) + "}\n");
    file_->commit();
    file_.reset();
  }

  std::unique_ptr<AtomicFile> file_;
  std::string images_;  // the list's items
  std::map<int64_t, MaskInfo> categories_;
  int64_t pictures_ = 0, masks_ = 0;
};

}  // namespace

std::unique_ptr<AnnotationWriter> make_coco_writer(const WriterOptions& options) {
  return std::make_unique<CocoWriter>(options);
}

}  // namespace hqsam
