// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/annotation.h"

#include <algorithm>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/mask/packed_runs.h"
#include "hqsam/serve/wire.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;
constexpr const char* kRead = "annotation";

using Ordered = nlohmann::ordered_json;

Ordered object_json(const AnnotationObject& object) {
  return {{"id", object.id},
          {"class", object.category.empty() ? Ordered() : Ordered(object.category)},
          {"rle", object.rle},
          {"area", object.area},
          {"box", object.box},
          {"prompts", object.prompts},
          {"kind", object.kind},
          {"source", object.source},
          {"clicks", object.clicks},
          {"seconds", object.seconds},
          {"edited", object.edited},
          {"fingerprint", object.fingerprint},
          {"checkpoint", object.checkpoint}};
}

AnnotationObject object_of(const Json& json, Size size) {
  AnnotationObject object = object_without_mask(json);
  object.fingerprint = json.value("fingerprint", "");
  object.checkpoint = json.value("checkpoint", "");
  object.set_mask(pack_tightly(rle_from_string(json.at("rle").get_ref<const std::string&>(), size)));
  return object;
}

}  // namespace

void AnnotationObject::set_mask(const PackedMask& mask) {
  rle = rle_to_string(rle_encode(mask));
  area = mask.area;
  box = outer_box(mask);
}

PackedMask AnnotationObject::mask(Size size) const { return pack_tightly(rle_from_string(rle, size)); }

const AnnotationObject* PictureRecord::find(int64_t id) const {
  for (const AnnotationObject& object : objects) {
    if (object.id == id) return &object;
  }
  return nullptr;
}

// An object per line, so that tools that compare texts show what changed.
std::string annotation_json(const PictureRecord& record) {
  const Ordered head = {{"version", 1},
                        {"picture", record.name},
                        {"width", record.size.width},
                        {"height", record.size.height},
                        {"state", record.state()},
                        {"split", record.split},
                        {"revision", record.revision},
                        {"next_id", record.next_id}};
  std::string text = head.dump();
  text.back() = ',';
  text += "\"objects\":[";
  for (size_t i = 0; i < record.objects.size(); ++i) {
    text += (i == 0 ? "\n" : ",\n") + object_json(record.objects[i]).dump();
  }
  return text + "\n]}\n";
}

PictureRecord annotation_of_json(const std::string& what, std::string_view text) {
  const Json json = parse_json_object(kRead, what, text);
  try {
    PictureRecord record;
    record.name = json.at("picture").get<std::string>();
    record.size = {json.at("height").get<int64_t>(), json.at("width").get<int64_t>()};
    record.done = json.at("state") == "done";
    record.split = json.at("split").get<std::string>();
    record.revision = json.at("revision").get<int64_t>();
    record.next_id = json.value("next_id", int64_t{1});
    check_rle_size(kRead, record.size);
    for (const Json& object : json.at("objects")) record.objects.push_back(object_of(object, record.size));
    for (const AnnotationObject& object : record.objects) record.next_id = std::max(record.next_id, object.id + 1);
    return record;
  } catch (const Json::exception& error) {
    fail(kRead, "{} is not of hqsam annotate: {}", what, error.what());
  } catch (const Error& error) {
    fail(kRead, "{}: {}", what, error.what());
  }
}

}  // namespace hqsam
