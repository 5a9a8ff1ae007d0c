// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/segmentation.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/mask/polygon.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kFunction = "rle_from_json";

double coordinate(const json& value) {
  const auto number = number_in_json(value);
  if (!number) fail(kFunction, "a coordinate that is not a number: {}", json_shown(value));
  return *number;
}

bool holds_numbers(const json& list) {
  return list.is_array() && !list.empty() && (list.front().is_number() || list.front().is_string());
}

bool is_pair(const json& value) { return holds_numbers(value) && value.size() == 2; }

// [x, y, x, y, ...] or [[x, y], [x, y], ...]
Polygon polygon_from_json(const json& corners) {
  if (!corners.is_array()) fail(kFunction, "a polygon that is not a list: {}", json_shown(corners));
  Polygon polygon;
  if (!corners.empty() && std::all_of(corners.begin(), corners.end(), is_pair)) {
    for (const json& corner : corners) polygon.push_back({coordinate(corner[0]), coordinate(corner[1])});
    return polygon;
  }
  if (corners.size() % 2 != 0) fail(kFunction, "a polygon of an odd number of numbers: {}", corners.size());
  polygon.reserve(corners.size() / 2);
  for (size_t i = 0; i < corners.size(); i += 2) {
    polygon.push_back({coordinate(corners[i]), coordinate(corners[i + 1])});
  }
  return polygon;
}

std::vector<Polygon> polygons_from_json(const json& list) {
  std::vector<Polygon> polygons;
  if (holds_numbers(list) || std::all_of(list.begin(), list.end(), is_pair)) {
    polygons.push_back(polygon_from_json(list));
  } else {
    for (const json& corners : list) polygons.push_back(polygon_from_json(corners));
  }
  const auto flat = [](const Polygon& polygon) { return polygon.size() < 3; };
  if (std::all_of(polygons.begin(), polygons.end(), flat)) {
    fail(kFunction, "a polygon of less than 3 corners: {}", json_shown(list));
  }
  std::erase_if(polygons, flat);
  return polygons;
}

// A whole number in 0..2^32-1.
uint32_t count_of(const json& value) {
  const auto number = number_in_json(value);
  if (!number || *number < 0 || *number > std::numeric_limits<uint32_t>::max() || std::floor(*number) != *number) {
    fail(kFunction, "run lengths that are not whole numbers of at least 0: {}", json_shown(value));
  }
  return static_cast<uint32_t>(*number);
}

// The text of compressed counts, taken out of Python's b'...' if it was printed as bytes.
std::string counts_text(const std::string& text) {
  if (text.size() < 3 || !text.starts_with("b'") || text.back() != '\'') return text;
  std::string counts;
  for (size_t i = 2; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && text[i + 1] == '\\') ++i;
    counts.push_back(text[i]);
  }
  return counts;
}

Rle runs_from_json(const json& object) {
  const auto size = rle_size_in_json(object);
  if (!size) fail(kFunction, "run lengths without \"size\" [height, width]: {}", json_shown(object));
  const auto counts = object.find("counts");
  if (counts == object.end() || (!counts->is_array() && !counts->is_string())) {
    fail(kFunction, "run lengths without \"counts\", a list or a string: {}", json_shown(object));
  }
  try {
    if (counts->is_string()) return rle_from_string(counts_text(counts->get_ref<const std::string&>()), *size);
    check_rle_size(kFunction, *size);
    Rle rle{*size, {}};
    for (const json& count : *counts) rle.counts.push_back(count_of(count));
    check_runs(rle);
    return rle;
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.starts_with(fmt::format("[{}]", kFunction))) throw;
    fail(kFunction, "run lengths that are corrupt: {}", message);
  }
}

bool is_runs(const json& segmentation) { return segmentation.is_object(); }

// A segmentation before it is drawn: polygons or run lengths.
struct Parts {
  std::vector<Polygon> polygons;
  std::vector<Rle> runs;
};

Parts parts_from_json(const json& segmentation) {
  Parts parts;
  if (is_runs(segmentation)) {
    parts.runs.push_back(runs_from_json(segmentation));
  } else if (!segmentation.is_array()) {
    fail(kFunction, "a segmentation that is neither a list of polygons nor run lengths: {}", json_shown(segmentation));
  } else if (segmentation.empty()) {
    fail(kFunction, "an empty list of polygons");
  } else if (std::all_of(segmentation.begin(), segmentation.end(), is_runs)) {
    for (const json& object : segmentation) parts.runs.push_back(runs_from_json(object));
  } else {
    parts.polygons = polygons_from_json(segmentation);
  }
  return parts;
}

}  // namespace

std::optional<double> number_in_json(const json& value) {
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<Size> rle_size_in_json(const json& segmentation) {
  const json& object = segmentation.is_array() && !segmentation.empty() ? segmentation.front() : segmentation;
  if (!object.is_object()) return std::nullopt;
  const auto at = object.find("size");
  if (at == object.end() || !at->is_array() || at->size() != 2) return std::nullopt;
  int64_t sides[2];
  for (size_t i = 0; i < 2; ++i) {
    const auto side = number_in_json((*at)[i]);
    if (!side || std::floor(*side) != *side || std::abs(*side) > static_cast<double>(kMaxRlePixels)) {
      return std::nullopt;
    }
    sides[i] = static_cast<int64_t>(*side);
  }
  return Size{sides[0], sides[1]};
}

void check_segmentation(const json& segmentation) {
  for (const Polygon& polygon : parts_from_json(segmentation).polygons) {
    for (const Point& corner : polygon) {
      if (std::max(std::abs(corner.x), std::abs(corner.y)) <= kMaxPolygonCoordinate) continue;
      fail(kFunction, "a corner that is more than {} pixels from 0: {},{}", kMaxPolygonCoordinate, corner.x, corner.y);
    }
  }
}

Rle rle_from_json(const json& segmentation, Size size) {
  Parts parts = parts_from_json(segmentation);
  if (parts.runs.empty()) return rle_of_polygons(parts.polygons, size);
  for (const Rle& part : parts.runs) {
    if (part.size == size) continue;
    fail(kFunction, "run lengths of another size: {} x {} for a picture of {} x {} (height x width)", part.size.height,
         part.size.width, size.height, size.width);
  }
  return parts.runs.size() == 1 ? std::move(parts.runs.front()) : rle_union(parts.runs, size);
}

json rle_to_json(const Rle& rle, bool compressed) {
  json counts;
  if (compressed) {
    counts = rle_to_string(rle);
  } else {
    counts = rle.counts;
  }
  return {{"size", {rle.size.height, rle.size.width}}, {"counts", counts}};
}

}  // namespace hqsam
