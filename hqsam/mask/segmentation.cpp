// SPDX-License-Identifier: Apache-2.0
#include "hqsam/mask/segmentation.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/mask/polygon.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kFunction = "rle_from_json";

Polygon polygon_from_json(const json& numbers) {
  if (!numbers.is_array() || numbers.size() % 2 != 0) {
    fail(kFunction, "a polygon is a list of numbers x, y, x, y, ..., got {}",
         numbers.is_array() ? fmt::format("{} of them", numbers.size()) : numbers.type_name());
  }
  Polygon polygon;
  for (size_t i = 0; i < numbers.size(); i += 2) {
    if (!numbers[i].is_number() || !numbers[i + 1].is_number()) {
      fail(kFunction, "a polygon is a list of numbers, its entries {} and {} are {} and {}", i, i + 1,
           numbers[i].type_name(), numbers[i + 1].type_name());
    }
    polygon.push_back({numbers[i].get<double>(), numbers[i + 1].get<double>()});
  }
  return polygon;
}

Size size_from_json(const json& object) {
  const auto at = object.find("size");
  if (at == object.end() || !at->is_array() || at->size() != 2 || !at->at(0).is_number_integer() ||
      !at->at(1).is_number_integer()) {
    fail(kFunction, "run lengths need \"size\": [height, width]");
  }
  return {at->at(0).get<int64_t>(), at->at(1).get<int64_t>()};
}

Rle rle_from_counts(const json& counts, Size size) {
  Rle rle{size, {}};
  for (const json& count : counts) {
    if (!count.is_number_unsigned() || count.get<uint64_t>() > std::numeric_limits<uint32_t>::max()) {
      fail(kFunction, "counts are whole numbers of at least 0, got {}", count.dump(-1, ' ', true));
    }
    rle.counts.push_back(count.get<uint32_t>());
  }
  check_rle_size(kFunction, size);
  check_runs(rle);
  return rle;
}

}  // namespace

Rle rle_from_json(const json& segmentation, Size size) {
  if (segmentation.is_array()) {
    std::vector<Polygon> polygons;
    for (const json& numbers : segmentation) polygons.push_back(polygon_from_json(numbers));
    if (polygons.empty()) fail(kFunction, "the list of polygons is empty");
    const auto flat = [](const Polygon& polygon) { return polygon.size() < 3; };
    if (!std::all_of(polygons.begin(), polygons.end(), flat)) std::erase_if(polygons, flat);
    return rle_of_polygons(polygons, size);
  }
  if (!segmentation.is_object()) {
    fail(kFunction, "a segmentation is a list of polygons or run lengths, got {}", segmentation.type_name());
  }
  const Size stated = size_from_json(segmentation);
  if (stated != size) {
    fail(kFunction, "run lengths of {} x {} for a picture of {} x {} (height x width)", stated.height, stated.width,
         size.height, size.width);
  }
  const auto counts = segmentation.find("counts");
  if (counts == segmentation.end() || (!counts->is_array() && !counts->is_string())) {
    fail(kFunction, "run lengths need \"counts\", a list or a string");
  }
  if (counts->is_string()) return rle_from_string(counts->get_ref<const std::string&>(), size);
  return rle_from_counts(*counts, size);
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
