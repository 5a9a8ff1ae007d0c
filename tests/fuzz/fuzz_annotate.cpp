// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "harness.h"
#include "hqsam/core/bounded_json.h"
#include "hqsam/serve/page_prompt.h"
#include "hqsam/serve/runs.h"
#include "hqsam/serve/wire.h"

using namespace hqsam;

namespace {

constexpr Size kSize{7, 70};

void check_mask(const PackedMask& mask) {
  fuzz::require(mask.size == kSize);
  const std::vector<int64_t> runs = row_runs(mask);
  fuzz::require(std::accumulate(runs.begin(), runs.end(), int64_t{0}) == kSize.height * kSize.width);
  fuzz::require(mask_of_runs(kSize, runs) == mask);
}

void check_request(const nlohmann::json& json) {
  const PageRequest request = page_request_of(json, kSize, {"sam", "hq", "sum"});
  fuzz::require(!request.kinds.empty() && request.kinds.size() <= 3);
  fuzz::require(request.prompt.labels.size() == request.prompt.points.size());
  fuzz::require(request.prompt.box || !request.prompt.points.empty() || request.prompt.mask);
  if (request.prompt.mask) check_mask(*request.prompt.mask);
}

void check_object(const nlohmann::json& json) {
  const AnnotationObject object = object_of_page(json, kSize);
  const PackedMask mask = object.mask(kSize);
  check_mask(mask);
  fuzz::require(mask.area == object.area && object.area > 0 && object.box == outer_box(mask));
  fuzz::require(object_of_page(object_for_page(object, kSize), kSize).rle == object.rle);
}

void check_annotation(std::string_view text) {
  const PictureRecord record = annotation_of_json("a.json", text);
  const std::string again = annotation_json(record);
  fuzz::require(annotation_json(annotation_of_json("a.json", again)) == again);
}

}  // namespace

// What pages send, and the annotations of a picture.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::attempt([&] {
    const nlohmann::json json = parse_json_object("annotate", "the request", text);
    fuzz::attempt([&] { check_request(json); });
    fuzz::attempt([&] { check_object(json.value("object", nlohmann::json())); });
    fuzz::attempt([&] { classes_of_json(json.value("classes", nlohmann::json())); });
  });
  fuzz::attempt([&] { check_annotation(text); });
  return 0;
}
