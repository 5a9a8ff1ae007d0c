// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "hqsam/serve/api.h"

namespace hqsam {

nlohmann::json statistics_json(const std::vector<std::shared_ptr<const PictureRecord>>& records) {
  struct Sums {
    std::string checkpoint;
    int64_t masks = 0, clicks = 0, edited = 0;
    double seconds = 0;
  };
  std::map<std::string, Sums> models;  // by fingerprint
  for (const auto& record : records) {
    for (const AnnotationObject& object : record->objects) {
      Sums& sums = models[object.fingerprint];
      sums.checkpoint = object.checkpoint;
      ++sums.masks;
      sums.clicks += object.clicks;
      sums.seconds += object.seconds;
      sums.edited += object.edited ? 1 : 0;
    }
  }
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [fingerprint, sums] : models) {
    const auto masks = static_cast<double>(sums.masks);
    list.push_back({{"fingerprint", fingerprint},
                    {"checkpoint", sums.checkpoint},
                    {"masks", sums.masks},
                    {"clicks_per_mask", static_cast<double>(sums.clicks) / masks},
                    {"seconds_per_mask", sums.seconds / masks},
                    {"edited", static_cast<double>(sums.edited) / masks}});
  }
  return {{"models", std::move(list)}};
}

}  // namespace hqsam
