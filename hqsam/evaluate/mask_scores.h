// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

#include "hqsam/metrics/bootstrap.h"

namespace hqsam {

// What the comparisons of evaluations share: lines of samples.jsonl, and scores paired mask by mask.

inline constexpr const char* kScoredKinds[] = {"sam", "hq", "sum"};

using ScoredMask = std::tuple<std::string, std::string, int64_t>;  // set, file, mask
std::string to_string(const ScoredMask& mask);
// Throws json::exception or Error for a line without them.
ScoredMask scored_mask(const nlohmann::json& line);

// Calls take for each line of a samples.jsonl; name stands in messages. Throws Error, with the line's number, for a
// line that is no JSON object and for what take throws.
void read_sample_lines(const std::string& text, const std::string& name,
                       const std::function<void(const nlohmann::json& line)>& take);

using ScorePairs = std::map<ScoredMask, std::array<double, 2>>;  // IoU and boundary IoU, percent

// Adds b's scores, times scale, to a's. Throws Error unless both have the same masks.
void add_pairs(ScorePairs& a, const ScorePairs& b, double scale, const std::string& a_name, const std::string& b_name);
// Of one of the two scores over all masks.
Interval interval_of(const ScorePairs& pairs, size_t metric);

}  // namespace hqsam
