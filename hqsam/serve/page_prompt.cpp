// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/page_prompt.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/bounded_json.h"
#include "hqsam/serve/api_error.h"
#include "hqsam/serve/wire.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;
constexpr const char* kPrompt = "annotate";
constexpr size_t kMostPoints = 1000;
constexpr double kFarthest = 1e6;  // pixels outside of the picture

double coordinate(const Json& json) {
  if (!json.is_number() || !(std::abs(json.get<double>()) <= kFarthest)) {
    refuse(kPrompt, "a coordinate is a number of pixels, got {}", json_shown(json));
  }
  return json.get<double>();
}

bool is_given(const Json& json, const char* name) { return json.contains(name) && !json[name].is_null(); }

Box box_of(const Json& json) {
  if (!json.is_array() || json.size() != 4) refuse(kPrompt, "'box' is [x0,y0,x1,y1], got {}", json_shown(json));
  const Box box{coordinate(json[0]), coordinate(json[1]), coordinate(json[2]), coordinate(json[3])};
  if (box.x1 <= box.x0 || box.y1 <= box.y0) refuse(kPrompt, "'box' has no area: {}", json_shown(json));
  return box;
}

void read_points(const Json& json, PagePrompt& prompt) {
  const Json& points = json["points"];
  if (!points.is_array() || points.size() > kMostPoints) {
    refuse(kPrompt, "'points' is a list of at most {} [x,y], got {}", kMostPoints, json_shown(points));
  }
  for (const Json& point : points) {
    if (!point.is_array() || point.size() != 2) refuse(kPrompt, "a point is [x,y], got {}", json_shown(point));
    prompt.points.push_back({coordinate(point[0]), coordinate(point[1])});
  }
  const Json labels = is_given(json, "labels") ? json["labels"] : Json(std::vector<int>(points.size(), 1));
  const bool fits =
      labels.is_array() && labels.size() == points.size() &&
      std::all_of(labels.begin(), labels.end(), [](const Json& label) { return label == 0 || label == 1; });
  if (!fits) refuse(kPrompt, "'labels' has 1 (inside) or 0 (outside) for each point, got {}", json_shown(labels));
  for (const Json& label : labels) prompt.labels.push_back(label == 1 ? 1 : 0);
}

std::vector<std::string> kinds_of(const Json& json, const std::vector<std::string>& known) {
  std::vector<std::string> kinds;
  if (!json.is_array() || json.empty() || json.size() > known.size()) {
    refuse(kPrompt, "'kinds' is a list of {}, got {}", fmt::join(known, ", "), json_shown(json));
  }
  for (const Json& word : json) {
    const auto at = std::find(known.begin(), known.end(), word.is_string() ? word.get<std::string>() : "");
    if (at == known.end()) {
      refuse(kPrompt, "this model's kinds of masks are {}, not {}", fmt::join(known, ", "), json_shown(word));
    }
    if (std::find(kinds.begin(), kinds.end(), *at) == kinds.end()) kinds.push_back(*at);
  }
  return kinds;
}

}  // namespace

PageRequest page_request_of(const Json& json, Size size, const std::vector<std::string>& known) {
  PageRequest request;
  if (is_given(json, "seq")) {
    if (!json["seq"].is_number_integer()) refuse(kPrompt, "'seq' is a whole number, got {}", json_shown(json["seq"]));
    request.seq = json["seq"].get<int64_t>();
  }
  const Json prompt = json.value("prompt", Json());
  if (!prompt.is_object()) refuse(kPrompt, "'prompt' is an object, got {}", json_shown(prompt));
  if (is_given(prompt, "box")) request.prompt.box = box_of(prompt["box"]);
  if (is_given(prompt, "points")) read_points(prompt, request.prompt);
  if (is_given(prompt, "mask")) request.prompt.mask = mask_of_json(prompt["mask"], size);
  if (!request.prompt.box && request.prompt.points.empty() && !request.prompt.mask) {
    refuse(kPrompt, "the prompt is empty: a box, points or a mask");
  }
  request.kinds = is_given(json, "kinds") ? kinds_of(json["kinds"], known) : std::vector<std::string>{known.back()};
  return request;
}

PagePrompt prompt_of_other(const PackedMask& mask, Size size) {
  const std::array<int64_t, 4> box = outer_box(mask);
  const double x = static_cast<double>(size.width) / static_cast<double>(mask.size.width),
               y = static_cast<double>(size.height) / static_cast<double>(mask.size.height);
  PagePrompt prompt;
  prompt.box = Box{static_cast<double>(box[0]) * x, static_cast<double>(box[1]) * y, static_cast<double>(box[2]) * x,
                   static_cast<double>(box[3]) * y};
  if (mask.size == size) prompt.mask = mask;
  return prompt;
}

}  // namespace hqsam
