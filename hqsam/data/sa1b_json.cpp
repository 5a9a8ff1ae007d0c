// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/sa1b_json.h"

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/data/picture_json.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kFunction = "read_sa1b_json";

Size frame_of(const json& image, const json& annotations, Size upright) {
  const Size stated = {side_or_zero(image, "height"), side_or_zero(image, "width")};
  if (stated.height > 0 && stated.width > 0) return stated;
  for (const json& annotation : annotations) {
    if (!annotation.is_object() || !annotation.contains("segmentation")) continue;
    if (const auto size = rle_size_in_json(annotation["segmentation"])) return *size;
  }
  return upright;
}

std::string called(const json& annotation, size_t number) {
  if (annotation.is_object() && annotation.contains("id")) {
    return "annotation " + shown_short(annotation["id"].dump(-1, ' ', true), 40);
  }
  return fmt::format("annotation {} of the list", number);
}

ObjectMask read_object(const json& annotation, Size frame) {
  if (!annotation.is_object()) fail(kFunction, "it is {}", annotation.type_name());
  const auto segmentation = annotation.find("segmentation");
  if (segmentation == annotation.end()) fail(kFunction, "it has no 'segmentation'");
  ObjectMask object;
  object.rle = rle_from_json(*segmentation, frame);
  const auto area = annotation.find("area");
  if (area != annotation.end() && area->is_number()) object.info.area = area->get<double>();
  return object;
}

}  // namespace

PictureObjects read_sa1b_json(std::string_view text, const std::string& name, Size upright) {
  const json object = parse_picture_json(text, name);
  const auto image = object.find("image"), annotations = object.find("annotations");
  const bool known =
      image != object.end() && image->is_object() && annotations != object.end() && annotations->is_array();
  if (!known) {
    fail(kFunction, "{} is not a JSON of SA-1B's, which has an object 'image' and a list 'annotations'; it is {}",
         shown_short(name, 1000), kind_of_json(object));
  }
  PictureObjects objects;
  objects.frame = frame_of(*image, *annotations, upright);
  check_frame(objects.frame, name);
  size_t number = 0;
  for (const json& annotation : *annotations) {
    ++number;
    try {
      objects.objects.push_back(read_object(annotation, objects.frame));
    } catch (const Error& error) {
      leave_out(objects, called(annotation, number), error.what());
    }
  }
  return objects;
}

}  // namespace hqsam
