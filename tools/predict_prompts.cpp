// SPDX-License-Identifier: Apache-2.0
#include "predict_prompts.h"

#include <charconv>
#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

// Numbers between commas; empty where one of them is none.
std::vector<double> parse_numbers(const std::string& text) {
  std::vector<double> numbers;
  const char *at = text.data(), *end = at + text.size();
  while (true) {
    double number = 0;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || !std::isfinite(number)) return {};
    numbers.push_back(number);
    if (stop == end) return numbers;
    if (*stop != ',') return {};
    at = stop + 1;
  }
}

}  // namespace

std::optional<Box> parse_box(const std::string& text) {
  const std::vector<double> n = parse_numbers(text);
  if (n.size() != 4 || n[2] <= n[0] || n[3] <= n[1]) return std::nullopt;
  return Box{n[0], n[1], n[2], n[3]};
}

std::optional<LabelledPoint> parse_point(const std::string& text) {
  const std::vector<double> n = parse_numbers(text);
  if (n.size() != 2 && n.size() != 3) return std::nullopt;
  const double label = n.size() == 3 ? n[2] : 1;
  if (label != 0 && label != 1) return std::nullopt;
  return LabelledPoint{{n[0], n[1]}, static_cast<int>(label)};
}

PromptSource prompt_source(const PromptArguments& arguments, const std::vector<std::filesystem::path>& pictures) {
  const bool none = arguments.boxes.empty() && arguments.points.empty() && arguments.mask.empty();
  if (!arguments.prompts.empty()) {
    if (!none) fail("predict", "--prompts already brings the prompts: leave --box, --point and --mask out");
    return PromptSource(arguments.prompts, pictures);
  }
  if (none) {
    fail("predict", "no prompt: say what to segment by --box x0,y0,x1,y1, --point x,y, --mask FILE or --prompts FILE");
  }
  std::vector<StatedBox> boxes;
  for (const std::string& text : arguments.boxes) {
    const Box box = parse_box(text).value();
    boxes.push_back({BoxForm::kCorners, {box.x0, box.y0, box.x1, box.y1}});
  }
  StatedPrompt shared;
  for (const std::string& text : arguments.points) {
    const LabelledPoint point = parse_point(text).value();
    shared.points.push_back(point.point);
    shared.point_labels.push_back(point.label);
  }
  shared.mask = arguments.mask;
  return PromptSource(prompts_of_boxes(boxes, shared));
}

}  // namespace hqsam
