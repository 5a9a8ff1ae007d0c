// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/training_files.h"

#include <nlohmann/json.hpp>

#include "hqsam/config/starter.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr const char* kNoClass = "object";

// One split as a COCO JSON.
class CocoText {
 public:
  explicit CocoText(std::vector<std::string> classes) : classes_(std::move(classes)) {}

  void add(const PictureRecord& record) {
    ++pictures_;
    images_.push_back(
        {{"id", pictures_}, {"file_name", record.name}, {"width", record.size.width}, {"height", record.size.height}});
    for (const AnnotationObject& object : record.objects) {
      ++masks_;
      const auto& [x0, y0, x1, y1] = object.box;
      annotations_.push_back(
          {{"id", masks_},
           {"image_id", pictures_},
           {"category_id", category_of(object.category)},
           {"segmentation", {{"size", {record.size.height, record.size.width}}, {"counts", object.rle}}},
           {"bbox", {x0, y0, x1 - x0, y1 - y0}},
           {"area", object.area},
           {"iscrowd", 0}});
    }
  }

  int64_t pictures() const { return pictures_; }
  int64_t masks() const { return masks_; }
  std::string text() const {
    Json categories = Json::array();
    for (size_t i = 0; i < classes_.size(); ++i) categories.push_back({{"id", i + 1}, {"name", classes_[i]}});
    const Json json = {{"images", images_}, {"annotations", annotations_}, {"categories", categories}};
    return json.dump() + "\n";
  }

 private:
  int64_t category_of(const std::string& name) {
    const std::string& own = name.empty() ? kNoClass : name;
    for (size_t i = 0; i < classes_.size(); ++i) {
      if (classes_[i] == own) return static_cast<int64_t>(i) + 1;
    }
    classes_.push_back(own);
    return std::ssize(classes_);
  }

  std::vector<std::string> classes_;
  Json images_ = Json::array(), annotations_ = Json::array();
  int64_t pictures_ = 0, masks_ = 0;
};

SetOptions set_of(const std::string& name, const fs::path& images, const fs::path& json) {
  return {.name = name, .format = SetFormat::kCoco, .images = images, .annotations = json};
}

}  // namespace

TrainingCounts write_training_files(const AnnotationFolder& folder, const fs::path& images,
                                    const std::string& checkpoint) {
  const std::vector<std::string> classes = folder.classes();
  CocoText train(classes), valid(classes);
  for (size_t picture = 0; picture < folder.size(); ++picture) {
    const auto record = folder.record(picture);
    if (!record->done || record->objects.empty()) continue;
    (record->split == "valid" ? valid : train).add(*record);
  }
  const fs::path &place = folder.path(), train_json = place / "train.json", valid_json = place / "valid.json";
  write_file(train_json, train.text());
  write_file(valid_json, valid.text());
  FoundSets sets{.what = "masks by hqsam annotate"};
  sets.train.push_back(set_of("annotated", images, train_json));
  if (valid.pictures() > 0) sets.valid.push_back(set_of("annotated-valid", images, valid_json));
  const SetSize size{train.pictures(), static_cast<double>(train.masks()), train.pictures(), ""};
  write_file(place / "train.yaml", starter_yaml(sets, size, place, fs::absolute(checkpoint).string(), place));
  return {train.pictures(), train.masks(), valid.pictures(), valid.masks()};
}

}  // namespace hqsam
