// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/mask_scores.h"

#include <algorithm>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"

namespace hqsam {
namespace {

using nlohmann::json;

constexpr const char* kCompare = "compare";

}  // namespace

std::string to_string(const ScoredMask& mask) {
  return fmt::format("{}: {} mask {}", std::get<0>(mask), std::get<1>(mask), std::get<2>(mask));
}

ScoredMask scored_mask(const json& line) {
  if (!line.at("mask").is_number_integer()) {
    throw Error("mask is not a whole number but " + json_shown(line["mask"]));
  }
  return {line.at("set").get<std::string>(), line.at("file").get<std::string>(), line.at("mask").get<int64_t>()};
}

void read_sample_lines(const std::string& text, const std::string& name,
                       const std::function<void(const json& line)>& take) {
  int64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const std::string what = fmt::format("{}:{}: not a line of samples.jsonl: it", name, number);
    const json object = parse_json_object(kCompare, what, line);
    try {
      take(object);
    } catch (const json::exception& error) {
      fail(kCompare, "{}:{}: not a line of samples.jsonl: {}", name, number, error.what());
    } catch (const Error& error) {
      fail(kCompare, "{}:{}: {}", name, number, error.what());
    }
  }
}

void add_pairs(ScorePairs& a, const ScorePairs& b, double scale, const std::string& a_name, const std::string& b_name) {
  for (const auto& [mask, scores] : b) {
    const auto own = a.find(mask);
    if (own == a.end() || a.size() != b.size()) {
      fail(kCompare, "results of other data: {} has {} masks, {} has {}; {} may be in one alone", a_name, a.size(),
           b_name, b.size(), to_string(mask));
    }
    for (size_t i = 0; i < 2; ++i) own->second[i] += scale * scores[i];
  }
}

Interval interval_of(const ScorePairs& pairs, size_t metric) {
  std::vector<double> values;
  for (const auto& [mask, scores] : pairs) values.push_back(scores[metric]);
  return bootstrap_mean(values);
}

}  // namespace hqsam
