// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/predict/prompt_file.h"

namespace hqsam {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '\v' || c == '\f'; }

// The numbers of a line, with how the last one is written.
struct Line {
  std::vector<double> numbers;
  bool last_is_whole = false;  // "3" and not "3.0"
};

Line numbers_in(std::string_view text, const std::string& where) {
  Line line;
  size_t at = 0;
  while (true) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) return line;
    size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    double number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || stop != word.data() + word.size() || !std::isfinite(number)) {
      fail("predict", "{}: '{}' is not a number; a line is: class cx cy width height [confidence]", where,
           word.substr(0, 40));
    }
    line.numbers.push_back(number);
    line.last_is_whole = word.find_first_not_of("0123456789") == std::string_view::npos;
    at = end;
  }
}

bool is_share(double number) { return number >= 0 && number <= 1; }

// "class cx cy width height", then x, y, visibility of each keypoint. Corners on the picture's edge are 0 or 1 too.
bool has_visibilities(const std::vector<double>& n) {
  if (n.size() < 8 || (n.size() - 5) % 3 != 0) return false;
  bool two = false;
  for (size_t i = 7; i < n.size(); i += 3) {
    if (n[i] != 0 && n[i] != 1 && n[i] != 2) return false;
    two = two || n[i] == 2;
  }
  constexpr size_t kSure = 5 + 3 * 4;  // numbers; no polygon touches the edge at every third of so many
  return two || n.size() >= kSure;
}

// The box around the corners n[1], n[2], ...
StatedBox box_around(const std::vector<double>& n, const std::string& where) {
  double x0 = 1, y0 = 1, x1 = 0, y1 = 0;
  const size_t end = n.size() - (n.size() % 2 == 0 ? 1 : 0);  // without a confidence
  for (size_t i = 1; i < end; i += 2) {
    constexpr double kMost = 1.01;  // allows for rounding
    const bool share = n[i] >= 1 - kMost && n[i] <= kMost && n[i + 1] >= 1 - kMost && n[i + 1] <= kMost;
    if (!share) fail("predict", "{}: the corner {} {} is outside of 0 to 1: are they pixels?", where, n[i], n[i + 1]);
    x0 = std::min(x0, n[i]), x1 = std::max(x1, n[i]);
    y0 = std::min(y0, n[i + 1]), y1 = std::max(y1, n[i + 1]);
  }
  return {BoxForm::kCentre, {(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0}};
}

StatedPrompt prompt_of(const Line& line, const std::string& where) {
  const std::vector<double>& n = line.numbers;
  StatedPrompt prompt;
  if (n.size() < 5 || std::floor(n[0]) != n[0] || std::abs(n[0]) > 1e9) {
    fail("predict", "{} has {} numbers, the first {}: expected class cx cy width height [confidence]", where, n.size(),
         n[0]);
  }
  prompt.category = static_cast<int64_t>(n[0]);
  if (has_visibilities(n)) {
    fail("predict", "{} has keypoints ({} numbers): only boxes and segments are read", where, n.size());
  }
  const bool shares =
      std::all_of(n.begin() + 1, n.begin() + static_cast<int64_t>(std::min<size_t>(n.size(), 6)), is_share);
  if (n.size() == 7 && shares && line.last_is_whole && n[6] != 0) {
    fail("predict", "{} may be a box with a confidence and the track {}, or a triangle: leave the track out", where,
         n[6]);
  }
  const bool box = n.size() <= 6;
  prompt.box = box ? StatedBox{BoxForm::kCentre, {n[1], n[2], n[3], n[4]}} : box_around(n, where);
  if (n.size() % 2 != 0) return prompt;
  const double last = n.back();
  if (is_share(last)) {
    prompt.score = last;
  } else if (box && line.last_is_whole && last < 1e15) {
    prompt.id = static_cast<int64_t>(last);  // of a track
  } else {
    fail("predict", "{}: the confidence is 0 to 1, got {}", where, last);
  }
  return prompt;
}

}  // namespace

StatedPrompts prompts_from_yolo(std::string_view text, const std::string& name) {
  StatedPrompts stated;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string where = fmt::format("{}:{}", name, number);
    const Line line = numbers_in(text.substr(0, end), where);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.numbers.empty()) continue;
    try {
      stated.prompts.push_back(prompt_of(line, where));
    } catch (const Error& error) {
      StatedPrompt bad;
      bad.error = error.what();
      stated.prompts.push_back(bad);
    }
  }
  return stated;
}

}  // namespace hqsam
