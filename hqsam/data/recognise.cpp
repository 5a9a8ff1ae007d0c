// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/recognise.h"

#include <algorithm>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/data/folder_look.h"
#include "hqsam/data/shards.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "recognise";

SetFormat format_of(JsonKind kind, const fs::path& path) {
  switch (kind) {
    case JsonKind::kCoco:
      return SetFormat::kCoco;
    case JsonKind::kYtvis:
      return SetFormat::kYtvis;
    case JsonKind::kLabelme:
      return SetFormat::kLabelme;
    case JsonKind::kSa1b:
      return SetFormat::kSa1b;
    case JsonKind::kOther:
      break;
  }
  if (const char* tool = other_tool(path)) refuse_tool(path, tool);
  fail(kFunction, "{} is not a JSON of COCO, YouTube-VIS, LabelMe or SA-1B: set type", path.string());
}

SetFormat format_of_annotations(const fs::path& annotations) {
  if (!is_folder(annotations)) return format_of(json_kind(annotations), annotations);
  if (const auto json = first_file(annotations, ".json")) return format_of(json_kind(*json), *json);
  if (first_file(annotations, ".txt")) return SetFormat::kYolo;
  fail(kFunction, "{} holds neither .json nor .txt files: set type", annotations.string());
}

// .../images/... -> .../labels/..., as ultralytics has them.
bool has_yolo_labels(const fs::path& images) {
  fs::path labels;
  bool swapped = false;
  std::vector<fs::path> parts(images.begin(), images.end());
  for (size_t i = parts.size(); i-- > 0;) {
    if (parts[i] != "images") continue;
    parts[i] = "labels";
    swapped = true;
    break;
  }
  for (const fs::path& part : parts) labels /= part;
  return swapped && is_folder(labels) && first_file(labels, ".txt").has_value();
}

// Recognises annotations among the pictures if no folder of masks is named.
SetOptions recognise_beside(SetOptions options) {
  if (has_yolo_labels(options.images)) {
    options.format = SetFormat::kYolo;
    return options;
  }
  std::vector<fs::path> coco;
  for (const fs::path& json : files_ending(options.images, ".json")) {
    const JsonKind kind = json_kind(json);
    if (kind == JsonKind::kCoco || kind == JsonKind::kYtvis) {
      coco.push_back(json);
    } else if (kind != JsonKind::kOther) {
      options.format = format_of(kind, json);
      return options;
    }
  }
  if (coco.size() > 1) {
    fail(kFunction, "data set '{}': {} and {} both could hold its masks: name one by annotations", options.name,
         coco[0].string(), coco[1].string());
  }
  if (coco.empty()) {
    const auto json = first_file(options.images, ".json");
    options.format = json ? format_of(json_kind(*json), *json) : SetFormat::kFolder;
    return options;
  }
  options.annotations = coco.front();
  options.format = format_of(json_kind(coco.front()), coco.front());
  return options;
}

}  // namespace

SetOptions recognise(SetOptions options) {
  if (options.format != SetFormat::kAuto) return options;
  if (!options.annotations.empty() && !options.masks.empty()) {
    fail(kFunction, "data set '{}': masks and annotations are both set: leave one out", options.name);
  }
  const std::string ending = ending_of(options.images);
  if (names_shards(options.images)) {
    options.format = SetFormat::kTar;
  } else if (ending == ".yaml" || ending == ".yml") {
    options.format = SetFormat::kYolo;
  } else if (!options.annotations.empty()) {
    options.format = format_of_annotations(options.annotations);
  } else if (!options.masks.empty()) {
    options.format = SetFormat::kFolder;
  } else if (is_voc(options.images)) {
    options.format = SetFormat::kVoc;
  } else {
    return recognise_beside(std::move(options));
  }
  return options;
}

}  // namespace hqsam
