// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/wire.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "hqsam/core/bounded_json.h"
#include "hqsam/serve/api_error.h"
#include "hqsam/serve/runs.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;
constexpr const char* kWire = "annotate";
constexpr size_t kMostPrompts = 10'000, kMostPoints = 10'000;

const Json& member(const Json& json, const char* name) {
  if (!json.is_object() || !json.contains(name)) refuse(kWire, "'{}' is missing in {}", name, json_shown(json));
  return json[name];
}

int64_t whole_number(const Json& json, const char* name, int64_t low, int64_t high) {
  const Json& value = member(json, name);
  const bool whole = value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= INT64_MAX);
  if (!whole || value.get<int64_t>() < low || value.get<int64_t>() > high) {
    refuse(kWire, "'{}' is a whole number from {} to {}, got {}", name, low, high, json_shown(value));
  }
  return value.get<int64_t>();
}

std::string one_of(const Json& json, const char* name, std::initializer_list<const char*> words) {
  const Json& value = member(json, name);
  for (const char* word : words) {
    if (value == word) return word;
  }
  refuse(kWire, "'{}' is one of {}, got {}", name, fmt::join(words, ", "), json_shown(value));
}

void check_numbers(const Json& list, size_t count, const char* name) {
  const bool fits = list.is_array() && list.size() == count &&
                    std::all_of(list.begin(), list.end(), [](const Json& value) { return value.is_number(); });
  if (!fits) refuse(kWire, "'{}' has {} numbers, got {}", name, count, json_shown(list));
}

// What a mask was prompted with is kept as it came, once it is what it should be; masks of prompts are left out.
Json checked_prompts(const Json& json) {
  Json kept = Json::array();
  if (!json.contains("prompts") || json["prompts"].is_null()) return kept;
  const Json& prompts = json["prompts"];
  if (!prompts.is_array() || prompts.size() > kMostPrompts)
    refuse(kWire, "'prompts' is a list, got {}", json_shown(prompts));
  for (const Json& prompt : prompts) {
    if (!prompt.is_object()) refuse(kWire, "a prompt is an object, got {}", json_shown(prompt));
    Json own = Json::object();
    if (prompt.contains("box") && !prompt["box"].is_null()) {
      check_numbers(prompt["box"], 4, "box");
      own["box"] = prompt["box"];
    }
    if (prompt.contains("points") && !prompt["points"].is_null()) {
      const Json& points = prompt["points"];
      if (!points.is_array() || points.size() > kMostPoints)
        refuse(kWire, "'points' is a list, got {}", json_shown(points));
      for (const Json& point : points) check_numbers(point, 2, "points");
      own["points"] = points;
      const Json labels = prompt.value("labels", Json::array());
      if (!labels.empty()) check_numbers(labels, points.size(), "labels");
      own["labels"] = labels;
    }
    kept.push_back(std::move(own));
  }
  return kept;
}

}  // namespace

Json runs_json(const PackedMask& mask) {
  return {{"size", {mask.size.height, mask.size.width}}, {"runs", row_runs(mask)}};
}

PackedMask mask_of_json(const Json& json, Size size) {
  const Json& stated = member(json, "size");
  check_numbers(stated, 2, "size");
  if (stated[0] != size.height || stated[1] != size.width) {
    refuse(kWire, "the mask's size is {}, the picture's [{},{}]", json_shown(stated), size.height, size.width);
  }
  const Json& runs = member(json, "runs");
  const bool whole = runs.is_array() && std::all_of(runs.begin(), runs.end(), [](const Json& run) {
                       return run.is_number_unsigned() && run.get<uint64_t>() <= INT32_MAX;
                     });
  if (!whole) refuse(kWire, "'runs' is a list of whole numbers, got {}", json_shown(runs));
  return mask_of_runs(size, runs.get<std::vector<int64_t>>());
}

std::array<int64_t, 4> outer_box(const PackedMask& mask) {
  if (!mask.box) return {};
  const Box& box = *mask.box;
  return {static_cast<int64_t>(box.x0), static_cast<int64_t>(box.y0), static_cast<int64_t>(box.x1) + 1,
          static_cast<int64_t>(box.y1) + 1};
}

AnnotationObject object_without_mask(const Json& json) {
  if (!json.is_object()) refuse(kWire, "an object is expected, got {}", json_shown(json));
  AnnotationObject object;
  object.id = whole_number(json, "id", 1, 1'000'000'000);
  if (json.contains("class") && !json["class"].is_null()) {
    if (!json["class"].is_string()) refuse(kWire, "'class' is a name or null, got {}", json_shown(json["class"]));
    object.category = json["class"].get<std::string>();
  }
  object.prompts = checked_prompts(json);
  object.kind = one_of(json, "kind", {"sam", "hq", "sum"});
  object.source = one_of(json, "source", {"prompt", "brush", "proposal", "previous"});
  object.clicks = whole_number(json, "clicks", 0, 1'000'000);
  const Json& seconds = member(json, "seconds");
  if (!seconds.is_number() || !(seconds.get<double>() >= 0 && seconds.get<double>() < 1e9)) {
    refuse(kWire, "'seconds' is a number of at least 0, got {}", json_shown(seconds));
  }
  object.seconds = seconds.get<double>();
  const Json& edited = member(json, "edited");
  if (!edited.is_boolean()) refuse(kWire, "'edited' is true or false, got {}", json_shown(edited));
  object.edited = edited.get<bool>();
  return object;
}

AnnotationObject object_of_page(const Json& json, Size size) {
  AnnotationObject object = object_without_mask(json);
  const PackedMask mask = mask_of_json(member(json, "mask"), size);
  if (mask.area == 0) refuse(kWire, "object {} has no pixel: delete it", object.id);
  object.set_mask(mask);
  return object;
}

Json object_for_page(const AnnotationObject& object, Size size) {
  return {{"id", object.id},
          {"class", object.category.empty() ? Json() : Json(object.category)},
          {"mask", runs_json(object.mask(size))},
          {"box", object.box},
          {"prompts", object.prompts},
          {"kind", object.kind},
          {"clicks", object.clicks},
          {"seconds", object.seconds},
          {"edited", object.edited},
          {"source", object.source}};
}

std::vector<std::string> classes_of_json(const Json& json) {
  const bool texts =
      json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& name) { return name.is_string(); });
  if (!texts) refuse(kWire, "'classes' is a list of names, got {}", json_shown(json));
  const auto classes = json.get<std::vector<std::string>>();
  check_classes(classes);
  return classes;
}

void check_classes(const std::vector<std::string>& classes) {
  constexpr size_t kMost = 1000, kLongest = 100;
  if (classes.size() > kMost) refuse(kWire, "{} classes, {} at most", classes.size(), kMost);
  std::set<std::string> seen;
  for (const std::string& name : classes) {
    const bool control =
        std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
    if (name.empty() || name.size() > kLongest || control || name.front() == ' ' || name.back() == ' ') {
      refuse(kWire, "a class has a name of 1 to {} bytes without blanks at its ends, got {}", kLongest,
             json_shown(name));
    }
    if (!seen.insert(name).second) refuse(kWire, "the class {} comes twice", json_shown(name));
  }
}

}  // namespace hqsam
