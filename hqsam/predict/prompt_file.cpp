// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_file.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/predict/prompt_coco.h"
#include "hqsam/predict/prompt_json.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kBoxForm = "[x0, y0, x1, y1] in pixels with x0 < x1 and y0 < y1";
constexpr const char* kPointsForm = "a list of [x, y] in pixels";
constexpr const char* kLabelsForm = "a list of 0 and 1, one for each point";

const json& list_of(const json& value, const std::string& what, const char* form) {
  if (!value.is_array()) fail("predict", "{} expects {}, got {}", what, form, shown(value));
  return value;
}

// Reads the members of one prompt object.
class PromptObject {
 public:
  PromptObject(const json& object, const std::string& where, const std::filesystem::path& folder)
      : object_(object), where_(where), folder_(folder) {
    if (!object.is_object()) {
      fail("predict", "{} expects an object with a box, points or a mask, got {}", where, shown(object));
    }
    check_keys();
  }

  std::vector<StatedPrompt> prompts() const {
    StatedPrompt shared;
    if (object_.contains("points")) {
      for (const json& point : list_of(object_["points"], at("points"), kPointsForm)) {
        const std::vector<double> n = numbers_of(point, 2, at("points"), kPointsForm);
        shared.points.push_back({n[0], n[1]});
      }
    }
    if (object_.contains("labels")) shared.point_labels = labels();
    if (!shared.point_labels.empty() && shared.point_labels.size() != shared.points.size()) {
      fail("predict", "{} has {} points and {} labels: labels is {}", where_, shared.points.size(),
           shared.point_labels.size(), kLabelsForm);
    }
    if (object_.contains("mask")) shared.mask = mask();
    if (object_.contains("id")) shared.id = label_of(object_["id"], at("id"));
    for (const char* key : {"category", "category_id"}) {
      if (!object_.contains(key) || object_[key].is_null()) continue;
      if (const auto* name = std::get_if<std::string>(&shared.category)) shared.category_name = *name;
      shared.category = label_of(object_[key], at(key));
    }
    if (object_.contains("score")) shared.score = number(object_["score"], at("score"));
    return with_boxes(shared);
  }

 private:
  std::string at(const char* key) const { return where_ + " " + key; }

  void check_keys() const {
    static const std::vector<std::string> kKeys = {"boxes", "box",      "points",      "labels", "mask",
                                                   "id",    "category", "category_id", "score"};
    for (const auto& [key, value] : object_.items()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
      if (key == "bbox") {
        fail("predict", "{} has 'bbox', which some write as corners and some with a size: give box, {}", where_,
             kBoxForm);
      }
      fail("predict", "{} has the unknown key {}{}", where_, shown(json(key)), did_you_mean(key, kKeys));
    }
    if (object_.contains("box") && object_.contains("boxes")) {
      fail("predict", "{} has both box and boxes: give one, or a list of prompts", where_);
    }
  }

  std::vector<StatedPrompt> with_boxes(StatedPrompt shared) const {
    const auto box = [&](const json& value, const char* key) {
      const std::vector<double> n = numbers_of(value, 4, at(key), kBoxForm);
      return StatedBox{BoxForm::kCorners, {n[0], n[1], n[2], n[3]}};
    };
    std::vector<StatedBox> boxes;
    if (object_.contains("box") && !object_["box"].is_null()) boxes.push_back(box(object_["box"], "box"));
    if (object_.contains("boxes")) {
      for (const json& value : list_of(object_["boxes"], at("boxes"), "a list of boxes")) {
        boxes.push_back(box(value, "boxes"));
      }
    }
    const bool nothing = boxes.empty() && shared.points.empty() && shared.mask.empty();
    if (nothing && (object_.contains("boxes") || object_.contains("points"))) return {};  // the lists are empty
    try {
      return prompts_of_boxes(boxes, shared);
    } catch (const Error& error) {
      fail("predict", "{}: {}", where_, reason_of(error.what()));
    }
  }

  std::vector<int> labels() const {
    std::vector<int> labels;
    for (const json& label : list_of(object_["labels"], at("labels"), kLabelsForm)) {
      if (!label.is_number() || (label != 0 && label != 1)) {
        fail("predict", "{} expects {}, got {}", at("labels"), kLabelsForm, shown(object_["labels"]));
      }
      labels.push_back(label == 1 ? 1 : 0);
    }
    return labels;
  }

  std::filesystem::path mask() const {
    const json& value = object_["mask"];
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      fail("predict", "{} expects a file, got {}", at("mask"), shown(value));
    }
    std::string path = value.get<std::string>();
    std::replace(path.begin(), path.end(), '\\', '/');
    return folder_ / path;
  }

  static std::optional<double> number(const json& value, const std::string& what) {
    if (value.is_null()) return std::nullopt;
    if (!value.is_number()) fail("predict", "{} is a number, got {}", what, shown(value));
    return value.get<double>();
  }

  const json& object_;
  const std::string& where_;
  const std::filesystem::path& folder_;
};

std::vector<StatedPrompt> read_prompts(const json& object, const std::string& where,
                                       const std::filesystem::path& folder) {
  try {
    return PromptObject(object, where, folder).prompts();
  } catch (const Error& error) {
    StatedPrompt bad;
    bad.error = error.what();
    return {bad};
  }
}

std::vector<NamedPrompts> own_prompts(const json& file, const std::string& name, const std::filesystem::path& folder) {
  std::vector<NamedPrompts> all;
  for (const auto& [key, value] : file.items()) {
    NamedPrompts named{key, {}};
    const std::string where = fmt::format("{}: {}", name, shown(json(key)));
    if (value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        const std::string at = fmt::format("{}[{}]", where, i);
        for (StatedPrompt& prompt : read_prompts(value[i], at, folder)) {
          named.stated.prompts.push_back(std::move(prompt));
        }
      }
    } else {
      named.stated.prompts = read_prompts(value, where, folder);
    }
    all.push_back(std::move(named));
  }
  return all;
}

// Throws Error for corners in the wrong order that would be valid as a corner and a size.
void check_order_of_corners(const std::vector<NamedPrompts>& all, const std::string& name) {
  for (const NamedPrompts& named : all) {
    for (const StatedPrompt& prompt : named.stated.prompts) {
      if (!prompt.box || prompt.box->form != BoxForm::kCorners) continue;
      const auto& n = prompt.box->numbers;
      const bool reversed = n[2] < n[0] || n[3]<n[1], sized = n[2]> 0 && n[3] > 0;
      if (!reversed || !sized) continue;
      fail("predict",
           "{}: {} has the box [{}]: a box is {}. As x, y, width, height it would be one: are all of them so? COCO's "
           "JSON and YOLO's texts are read as they are",
           name, shown(json(named.name)), fmt::join(n, ", "), kBoxForm);
    }
  }
}

void check_any_use(const std::vector<NamedPrompts>& all) {
  const std::string* first = nullptr;
  for (const NamedPrompts& named : all) {
    for (const StatedPrompt& prompt : named.stated.prompts) {
      if (prompt.error.empty()) return;
      if (first == nullptr) first = &prompt.error;
    }
  }
  if (first != nullptr) throw Error(*first);
}

}  // namespace

std::vector<NamedPrompts> prompts_from_json(std::string_view text, const std::string& name,
                                            const std::filesystem::path& folder) {
  const json file = parse_prompt_json(text, name);
  std::vector<NamedPrompts> all;
  if (file.is_array()) {
    all = prompts_of_coco_results(file, name);
  } else if (file.is_object() && is_coco_annotations(file)) {
    all = prompts_of_coco_annotations(file, name);
  } else if (file.is_object()) {
    all = own_prompts(file, name, folder);
  } else {
    fail("predict", "{} is not a JSON object such as {{\"kite.jpg\": {{\"box\": [420, 60, 910, 700]}}}}, got {}", name,
         shown(file));
  }
  check_order_of_corners(all, name);
  check_any_use(all);
  return all;
}

std::vector<StatedPrompt> prompts_of_boxes(const std::vector<StatedBox>& boxes, const StatedPrompt& shared) {
  if (boxes.empty() && shared.points.empty() && shared.mask.empty()) {
    fail("predict", "a prompt has a box, points or a mask");
  }
  if (boxes.size() > 1 && (!shared.points.empty() || !shared.mask.empty())) {
    fail("predict",
         "points and a mask go with one box, or stand alone; there are {} boxes: give a list of prompts, each with its "
         "own box and points",
         boxes.size());
  }
  std::vector<StatedPrompt> prompts(std::max<size_t>(1, boxes.size()), shared);
  for (size_t i = 0; i < boxes.size(); ++i) prompts[i].box = boxes[i];
  return prompts;
}

}  // namespace hqsam
