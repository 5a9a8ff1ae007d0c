// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/labelme_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "hqsam/core/base64.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/data/picture_json.h"
#include "hqsam/image/codec.h"
#include "hqsam/mask/polygon.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kFunction = "read_labelme_json";

Polygon points_of(const json& shape) {
  const auto points = shape.find("points");
  if (points == shape.end() || !points->is_array()) fail(kFunction, "it has no list of points");
  Polygon polygon;
  for (const json& point : *points) {
    const bool pair = point.is_array() && point.size() >= 2 && point[0].is_number() && point[1].is_number();
    if (!pair) fail(kFunction, "point {} is not a pair of numbers", polygon.size());
    polygon.push_back({point[0].get<double>(), point[1].get<double>()});
  }
  return polygon;
}

void expect_points(const Polygon& points, const std::string& type, size_t count) {
  if (points.size() != count) fail(kFunction, "a {} of {} points, expected {}", type, points.size(), count);
}

Rle rectangle(const Polygon& points, Size frame) {
  if (points.size() == 4) return rle_of_polygon(points, frame);
  expect_points(points, "rectangle", 2);
  const auto [x0, x1] = std::minmax(points[0].x, points[1].x);
  const auto [y0, y1] = std::minmax(points[0].y, points[1].y);
  return rle_of_polygon({{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, frame);
}

Rle circle(const Polygon& points, Size frame) {
  expect_points(points, "circle", 2);
  constexpr int kCorners = 360;
  const Point centre = points[0];
  const double radius = std::hypot(points[1].x - centre.x, points[1].y - centre.y);
  Polygon polygon;
  for (int i = 0; i < kCorners; ++i) {
    const double angle = 2 * std::numbers::pi * i / kCorners;
    polygon.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  return rle_of_polygon(polygon, frame);
}

// A corner's pixel, as LabelMe cuts off its fraction.
int64_t pixel(double coordinate) {
  if (!(std::abs(coordinate) <= kMaxPolygonCoordinate)) fail(kFunction, "a mask's corner at {}", coordinate);
  return static_cast<int64_t>(coordinate);
}

// An image's nonzero pixels as a mask of the frame, with its first pixel at (left, top), clipped to the frame.
Rle pasted(const Image& image, int64_t left, int64_t top, Size frame) {
  Rle rle{frame, {}};
  int64_t at = 0;  // the end of the last run, column by column
  const int64_t first = std::max<int64_t>(0, -top), last = std::min(image.height, frame.height - top);
  for (int64_t x = std::max<int64_t>(0, -left); x < std::min(image.width, frame.width - left); ++x) {
    for (int64_t y = first; y < last; ++y) {
      if (*image.at(y, x) == 0) continue;
      const int64_t here = (left + x) * frame.height + top + y;
      if (here == at && !rle.counts.empty()) {
        ++rle.counts.back();
      } else {
        rle.counts.push_back(static_cast<uint32_t>(here - at));
        rle.counts.push_back(1);
      }
      at = here + 1;
    }
  }
  const int64_t pixels = frame.height * frame.width;
  if (at < pixels || rle.counts.empty()) rle.counts.push_back(static_cast<uint32_t>(pixels - at));
  return rle;
}

// The PNG's size is checked before it is decoded.
Rle mask_of(const json& shape, const Polygon& points, Size frame) {
  expect_points(points, "mask", 2);
  const std::string png = base64_bytes(text_or_empty(shape, "mask"));
  const auto bytes = std::as_bytes(std::span(png));
  const std::optional<Size> stored = image_header_size(bytes);
  if (!stored) fail(kFunction, "its 'mask' is not a PNG in base64");
  const int64_t left = pixel(points[0].x), top = pixel(points[0].y);
  const Size between = {pixel(points[1].y) - top + 1, pixel(points[1].x) - left + 1};
  if (*stored != between) {
    fail(kFunction, "a mask of {}x{} between corners for {}x{} (width x height)", stored->width, stored->height,
         between.width, between.height);
  }
  if (stored->height > 2 * frame.height || stored->width > 2 * frame.width) {
    fail(kFunction, "a mask of {}x{} in a picture of {}x{} (width x height)", stored->width, stored->height,
         frame.width, frame.height);
  }
  return pasted(decode_gray(bytes, "its mask"), left, top, frame);
}

Rle draw(const json& shape, Size frame) {
  std::string type = text_or_empty(shape, "shape_type");
  for (const char* flat : {"line", "linestrip", "point", "points"}) {
    if (type == flat) fail(kFunction, "a {} has no area", type);
  }
  const Polygon points = points_of(shape);
  if (type == "rectangle") return rectangle(points, frame);
  if (type == "circle") return circle(points, frame);
  if (type == "mask") return mask_of(shape, points, frame);
  if (type.empty()) type = "polygon";
  for (const char* kind : {"polygon", "rotation", "oriented_rectangle", "quadrilateral"}) {
    if (type == kind) return rle_of_polygon(points, frame);
  }
  fail(kFunction, "a shape of the unknown type '{}'", shown_short(type));
}

// Labels are texts, but some scripts write numbers.
std::string label_of(const json& shape) {
  const auto label = shape.find("label");
  if (label == shape.end() || label->is_null()) return "";
  return label->is_string() ? label->get<std::string>() : label->dump();
}

// Shapes by their objects.
class Groups {
 public:
  Groups(PictureObjects& objects) : objects_(objects) {}

  void add(const json& shape) {
    const std::string label = label_of(shape);
    if (label == "__ignore__" || label == "_background_") fail(kFunction, "'{}' is not an object", label);
    const Rle rle = draw(shape, objects_.frame);
    const auto group = shape.find("group_id");
    if (group != shape.end() && !group->is_null()) {
      const auto [place, fresh] = places_.try_emplace({label, group->dump()}, objects_.objects.size());
      if (!fresh) {
        Rle& whole = objects_.objects[place->second].rle;
        const Rle parts[] = {whole, rle};
        whole = rle_union(parts, objects_.frame);
        return;
      }
    }
    MaskInfo info;
    info.category = category_of_name(label);
    info.category_name = label;
    objects_.objects.push_back({info, rle});
  }

 private:
  PictureObjects& objects_;
  std::map<std::pair<std::string, std::string>, size_t> places_;  // by label and group
};

Size frame_of(const json& object, Size upright) {
  const Size stated = {side_or_zero(object, "imageHeight"), side_or_zero(object, "imageWidth")};
  return stated.height == 0 || stated.width == 0 ? upright : stated;
}

}  // namespace

PictureObjects read_labelme_json(std::string_view text, const std::string& name, Size upright) {
  const json object = parse_picture_json(text, name);
  const auto shapes = object.find("shapes");
  if (shapes == object.end() || !(shapes->is_array() || shapes->is_null())) {
    fail(kFunction, "{} is not a JSON of LabelMe's, which has a list 'shapes'; it is {}", shown_short(name, 1000),
         kind_of_json(object));
  }
  PictureObjects objects;
  objects.frame = frame_of(object, upright);
  check_frame(objects.frame, name);
  Groups groups(objects);
  int64_t number = 0;
  for (const json& shape : *shapes) {
    ++number;
    std::string called = fmt::format("shape {}", number);
    try {
      if (!shape.is_object()) fail(kFunction, "it is {}", shape.type_name());
      called += fmt::format(" ('{}')", shown_short(label_of(shape), 40));
      groups.add(shape);
    } catch (const Error& error) {
      leave_out(objects, called, error.what());
    }
  }
  return objects;
}

}  // namespace hqsam
