// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "check_objects.h"
#include "hqsam/data/labelme_json.h"
#include "hqsam/data/picture_json.h"

using namespace hqsam;

namespace {

// Long outlines, up to the limit that rle_of_polygons sets, would only cost time.
bool is_slow(const nlohmann::json& value) {
  if (value.is_number()) return std::abs(value.get<double>()) > 5000 && std::abs(value.get<double>()) <= 1e7;
  return value.is_structured() && std::any_of(value.begin(), value.end(), is_slow);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    if (is_slow(parse_picture_json(text, "a.json"))) return 0;
    fuzz::check_objects(read_labelme_json(text, "a.json", {48, 64}));
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
