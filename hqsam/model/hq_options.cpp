// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/hq_options.h"

#include <nlohmann/json.hpp>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "HqOptions";

}  // namespace

void HqOptions::validate() const {
  if (fpn && (mask_feature != MaskFeature::kPlain || !final_feature || !early_feature)) {
    fail(kFunction,
         "fpn has convolutions of its own and joins all three features: set mask_feature to plain and final_feature "
         "and early_feature to true");
  }
  if (mask_feature == MaskFeature::kNone && !final_feature && !early_feature) {
    fail(kFunction,
         "no feature is left: set mask_feature to plain or convs, or final_feature or early_feature to true");
  }
}

std::string to_json(const HqOptions& options) {
  return nlohmann::ordered_json{{"token", word_of(options.token, kHqTokens)},
                                {"mask_feature", word_of(options.mask_feature, kMaskFeatures)},
                                {"final_feature", options.final_feature},
                                {"early_feature", options.early_feature},
                                {"fpn", options.fpn}}
      .dump();
}

HqOptions hq_options_from_json(const std::string& text) {
  HqOptions options;
  try {
    const auto json = parse_json_object(kFunction, "the options of HQ modules", text);
    const auto word = [&](const char* key) { return shown_short(json.at(key).get<std::string>()); };
    options.token = choose(word("token"), kHqTokens, kFunction, "token");
    options.mask_feature = choose(word("mask_feature"), kMaskFeatures, kFunction, "mask_feature");
    options.final_feature = json.at("final_feature").get<bool>();
    options.early_feature = json.at("early_feature").get<bool>();
    options.fpn = json.at("fpn").get<bool>();
    if (json.size() != 5) fail(kFunction, "{} has unknown names: another version of hqsam wrote it", json_shown(json));
  } catch (const nlohmann::json::exception& error) {
    fail(kFunction, "not the options of HQ modules: {}", error.what());
  }
  options.validate();
  return options;
}

}  // namespace hqsam
