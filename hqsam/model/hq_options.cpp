// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/hq_options.h"

#include <iterator>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "HqOptions";
// In the enums' order.
constexpr const char* kTokens[] = {"hq", "context", "times_output"};
constexpr const char* kMaskFeatures[] = {"none", "plain", "convs"};

template <class E, size_t N>
E value_of(const std::string& word, const char* const (&words)[N]) {
  for (size_t i = 0; i < N; ++i) {
    if (word == words[i]) return static_cast<E>(i);
  }
  fail(kFunction, "'{}' is none of {}: another version of hqsam wrote it", word,
       fmt::join(std::begin(words), std::end(words), ", "));
}

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
  return nlohmann::ordered_json{{"token", kTokens[static_cast<int>(options.token)]},
                                {"mask_feature", kMaskFeatures[static_cast<int>(options.mask_feature)]},
                                {"final_feature", options.final_feature},
                                {"early_feature", options.early_feature},
                                {"fpn", options.fpn}}
      .dump();
}

HqOptions hq_options_from_json(const std::string& text) {
  HqOptions options;
  try {
    const auto json = nlohmann::json::parse(text);
    options.token = value_of<HqToken>(json.at("token").get<std::string>(), kTokens);
    options.mask_feature = value_of<MaskFeature>(json.at("mask_feature").get<std::string>(), kMaskFeatures);
    options.final_feature = json.at("final_feature").get<bool>();
    options.early_feature = json.at("early_feature").get<bool>();
    options.fpn = json.at("fpn").get<bool>();
    if (json.size() != 5) fail(kFunction, "{} has unknown names: another version of hqsam wrote it", text);
  } catch (const nlohmann::json::exception& error) {
    fail(kFunction, "not the options of HQ modules: {}", error.what());
  }
  options.validate();
  return options;
}

}  // namespace hqsam
