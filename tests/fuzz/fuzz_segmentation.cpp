// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness.h"
#include "hqsam/mask/segmentation.h"

using namespace hqsam;

namespace {

// Long outlines, up to the limit that rle_of_polygons sets (a unit test's matter), would only cost time.
bool is_slow(const nlohmann::json& value) {
  if (const auto number = number_in_json(value)) return std::abs(*number) > 5000 && std::abs(*number) <= 1e6;
  return value.is_array() && std::any_of(value.begin(), value.end(), is_slow);
}

}  // namespace

// COCO's segmentations, in JSON that nlohmann's parser has accepted.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = nlohmann::json::parse(data, data + size, nullptr, false);
  if (json.is_discarded() || is_slow(json)) return 0;
  for (const Size picture : {Size{48, 64}, Size{13, 17}}) {
    try {
      const Rle rle = rle_from_json(json, picture);
      fuzz::require(rle.size == picture);
      fuzz::require(rle_from_json(rle_to_json(rle), picture) == rle);
      fuzz::require(rle_from_json(rle_to_json(rle, false), picture) == rle);
      const Mask mask = rle_decode(rle);
      fuzz::require(area(mask) == rle_area(rle));
    } catch (const Error& error) {
      fuzz::check_message(error);
    }
  }
  return 0;
}
