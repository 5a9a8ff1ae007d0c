// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_coco.h"

#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/predict/prompt_json.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kBoxForm = "[x, y, width, height] in pixels";

// Prompts by picture, in the order in which the pictures come.
class ByPicture {
 public:
  StatedPrompts& operator[](const std::string& name) {
    const auto [at, added] = index_.emplace(name, all_.size());
    if (added) all_.push_back({name, {}});
    return all_[at->second].stated;
  }
  std::vector<NamedPrompts> take() { return std::move(all_); }

 private:
  std::map<std::string, size_t> index_;
  std::vector<NamedPrompts> all_;
};

StatedPrompt prompt_of(const json& item, const std::string& where) {
  StatedPrompt prompt;
  try {
    if (item.contains("id")) prompt.id = label_of(item["id"], where + " id");
    if (item.contains("category_id")) prompt.category = label_of(item["category_id"], where + " category_id");
    const json score = item.value("score", json());
    if (score.is_number()) prompt.score = score.get<double>();
    const std::vector<double> n = numbers_of(item.value("bbox", json()), 4, where + " bbox", kBoxForm);
    prompt.box = StatedBox{BoxForm::kCornerAndSize, {n[0], n[1], n[2], n[3]}};
  } catch (const Error& error) {
    prompt.error = error.what();
  }
  return prompt;
}

// The name of a list's item in messages.
std::string item_name(const std::string& file, const json& item, size_t index) {
  return item.contains("id") ? fmt::format("{}: annotation {}", file, shown(item["id"]))
                             : fmt::format("{}: item {}", file, index);
}

void require_item(const json& item, const std::string& where) {
  if (item.is_object() && item.contains("image_id")) return;
  fail("predict",
       "{} is not a COCO result: expected {{\"image_id\", \"bbox\": [x, y, width, height], \"score\", "
       "\"category_id\"}}, "
       "got {}",
       where, shown(item));
}

// A COCO id that is a number.
std::optional<int64_t> id_number(const json& item, const char* key) {
  const json value = item.value(key, json());
  return value.is_number_integer() ? std::optional(value.get<int64_t>()) : std::nullopt;
}

struct CocoImage {
  std::string name;
  std::optional<Size> size;
  std::optional<int64_t> id = {};
};

CocoImage image_of(const json& item, const std::string& where) {
  CocoImage image;
  for (const char* key : {"file_name", "coco_url", "name"}) {
    if (image.name.empty() && item.contains(key) && item[key].is_string()) image.name = item[key].get<std::string>();
  }
  if (image.name.empty()) fail("predict", "{} has no file_name: {}", where, shown(item));
  const auto side = [&](const char* key) {
    const json value = item.value(key, json());
    return value.is_number() && value.get<double>() >= 1 && value.get<double>() < 1e9 ? value.get<int64_t>() : 0;
  };
  if (side("height") > 0 && side("width") > 0) image.size = Size{side("height"), side("width")};
  return image;
}

std::map<std::string, CocoImage> images_of(const json& list, const std::string& name) {
  std::map<std::string, CocoImage> images;
  std::map<std::string, std::string> ids;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = fmt::format("{}: image {}", name, i);
    if (!list[i].is_object() || !list[i].contains("id")) fail("predict", "{} has no id: {}", where, shown(list[i]));
    const std::string id = id_text(list[i]["id"], where + " id");
    CocoImage image = image_of(list[i], where);
    image.id = id_number(list[i], "id");
    const auto [named, fresh] = ids.emplace(image.name, id);
    if (!fresh && named->second != id) {
      fail("predict", "{}: the images {} and {} are both {}", name, shown_short(named->second), shown_short(id),
           shown(json(image.name)));
    }
    const auto [at, added] = images.emplace(id, image);
    if (!added && at->second.name != image.name) {
      fail("predict", "{}: {} and {} both have the id {}", name, shown(json(at->second.name)), shown(json(image.name)),
           shown_short(id));
    }
  }
  return images;
}

// Names of categories by id. Invalid entries are skipped, since nothing depends on the names.
std::map<int64_t, std::string> category_names(const json& file) {
  std::map<int64_t, std::string> names;
  const json list = file.value("categories", json::array());
  for (const json& item : list) {
    if (!item.is_object()) continue;
    const auto id = id_number(item, "id");
    const json name = item.value("name", json());
    if (id && name.is_string()) names.emplace(*id, name.get<std::string>());
  }
  return names;
}

bool is_crowd(const json& item) {
  const json value = item.value("iscrowd", json());
  return value == 1 || value == true || value == "1";
}

}  // namespace

std::vector<NamedPrompts> prompts_of_coco_results(const json& list, const std::string& name) {
  ByPicture pictures;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = fmt::format("{}: item {}", name, i);
    require_item(list[i], where);
    StatedPrompts& stated = pictures[id_text(list[i]["image_id"], where + " image_id")];
    stated.prompts.push_back(prompt_of(list[i], where));
    stated.image_id = id_number(list[i], "image_id");
  }
  return pictures.take();
}

bool is_coco_annotations(const json& file) {
  const auto is_list = [&](const char* key) { return file.contains(key) && file[key].is_array(); };
  return is_list("images") && is_list("annotations");
}

std::vector<NamedPrompts> prompts_of_coco_annotations(const json& file, const std::string& name) {
  const std::map<std::string, CocoImage> images = images_of(file["images"], name);
  ByPicture pictures;
  for (const auto& [id, image] : images) {
    pictures[image.name].frame = image.size;
    pictures[image.name].image_id = image.id;
  }
  const std::map<int64_t, std::string> names = category_names(file);
  int64_t crowds = 0, unknown = 0;
  const json& list = file["annotations"];
  for (size_t i = 0; i < list.size(); ++i) {
    require_item(list[i], fmt::format("{}: annotation {}", name, i));
    const std::string where = item_name(name, list[i], i);
    const auto image = images.find(id_text(list[i]["image_id"], where + " image_id"));
    const bool crowd = is_crowd(list[i]);
    crowds += crowd ? 1 : 0;
    unknown += image == images.end() ? 1 : 0;
    if (crowd || image == images.end()) continue;
    StatedPrompt prompt = prompt_of(list[i], where);
    const auto* category = std::get_if<int64_t>(&prompt.category);
    if (category != nullptr && names.contains(*category)) prompt.category_name = names.at(*category);
    pictures[image->second.name].prompts.push_back(std::move(prompt));
  }
  if (crowds > 0) spdlog::warn("{}: {} boxes of crowds (iscrowd) are left out", name, crowds);
  if (unknown > 0) spdlog::warn("{}: {} boxes of unknown images are left out", name, unknown);
  return pictures.take();
}

}  // namespace hqsam
