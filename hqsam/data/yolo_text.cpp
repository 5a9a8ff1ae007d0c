// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/yolo_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"

namespace hqsam {
namespace {

constexpr double kTolerance = 0.01;  // of a side beyond the border, for rounding; as in ultralytics
constexpr double kPixels = 2;        // larger numbers are pixels, not fractions of a side
constexpr int64_t kMaxClass = 1 << 24;

std::vector<std::string_view> parts_of(std::string_view text, const char* separators) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

// False where the word is no number.
bool parse(std::string_view word, double& value) {
  if (word.size() > 1 && word.front() == '+' && word[1] != '-') word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size()) return false;
  if (error == std::errc::result_out_of_range) value = word.find("e-") != word.npos ? 0 : HUGE_VAL;
  return error == std::errc() || error == std::errc::result_out_of_range;
}

std::string why_not_so_many(size_t count) {
  if (count < 5) return fmt::format("{} numbers: a polygon is a class and at least 3 corners", count);
  if (count == 5) return "a box (class x y width height), which is not a mask";
  if (count == 6) return "6 numbers, a box with a confidence, which is not a mask";
  return fmt::format("{} numbers: a class and corners are an odd count (is a confidence at the end?)", count);
}

void read_corners(const std::vector<double>& numbers, YoloLine& line) {
  for (size_t i = 1; i < numbers.size(); i += 2) {
    const double x = numbers[i], y = numbers[i + 1];
    const double least = std::min(x, y), most = std::max(x, y);
    line.pixels = line.pixels || most > kPixels;
    if (!line.why.empty()) continue;
    if (least < -kTolerance || most > 1 + kTolerance) {
      line.why =
          fmt::format("the corner {:g},{:g} is out of 0..1{}", x, y, most > kPixels ? ": these look like pixels" : "");
    }
    line.corners.push_back({std::clamp(x, 0.0, 1.0), std::clamp(y, 0.0, 1.0)});
  }
}

YoloLine read_line(std::string_view text, int64_t number) {
  YoloLine line;
  line.number = number;
  std::vector<double> numbers;
  for (const std::string_view word : parts_of(text, " \t\v\f")) {
    double value = 0;
    if (!parse(word, value) || !std::isfinite(value)) {
      line.why = fmt::format("'{}' is not a number", shown_short(word, 30));
      return line;
    }
    numbers.push_back(value);
  }
  line.box = numbers.size() == 5 || numbers.size() == 6;
  if (numbers.size() < 7 || numbers.size() % 2 == 0) {
    line.why = why_not_so_many(numbers.size());
    return line;
  }
  const double category = numbers.front();
  if (category < 0 || category > static_cast<double>(kMaxClass) || category != std::floor(category)) {
    line.why = fmt::format("its class is {:g}, not 0, 1, 2, ...", category);
    return line;
  }
  line.category = static_cast<int64_t>(category);
  read_corners(numbers, line);
  return line;
}

MaskInfo info_of(const YoloLine& line, const YoloClasses& classes) {
  MaskInfo info;
  info.category = line.category;
  const auto name = classes.names.find(line.category);
  if (name != classes.names.end()) info.category_name = name->second;
  return info;
}

}  // namespace

std::vector<YoloLine> yolo_lines(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a mark of UTF-8
  std::vector<YoloLine> lines;
  int64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
    ++number;
    if (line.find_first_not_of(" \t\v\f") != std::string_view::npos) lines.push_back(read_line(line, number));
  }
  return lines;
}

PictureObjects read_yolo_text(std::string_view text, const std::string& name, Size upright,
                              const YoloClasses& classes) {
  check_frame(upright, name);
  PictureObjects objects;
  objects.frame = upright;
  std::set<std::pair<int64_t, std::vector<std::pair<double, double>>>> seen;
  const YoloLine* in_pixels = nullptr;
  const std::vector<YoloLine> lines = yolo_lines(text);
  for (const YoloLine& line : lines) {
    const std::string called = fmt::format("line {}", line.number);
    if (line.pixels && in_pixels == nullptr) in_pixels = &line;
    if (!line.why.empty()) {
      leave_out(objects, called, line.why);
      continue;
    }
    if (classes.count >= 0 && line.category >= classes.count) {
      leave_out(objects, called, fmt::format("its class is {}, but the set has {}", line.category, classes.count));
      continue;
    }
    Polygon polygon;
    std::vector<std::pair<double, double>> corners;
    for (const Point& corner : line.corners) {
      corners.emplace_back(corner.x, corner.y);
      polygon.push_back(
          {corner.x * static_cast<double>(upright.width), corner.y * static_cast<double>(upright.height)});
    }
    if (!seen.emplace(line.category, std::move(corners)).second) {
      leave_out(objects, called, "the same as a line before it");
      continue;
    }
    try {
      objects.objects.push_back({info_of(line, classes), rle_of_polygon(polygon, upright)});
    } catch (const Error& error) {
      leave_out(objects, called, error.what());
    }
  }
  if (objects.objects.empty() && in_pixels != nullptr) {
    fail("read_yolo_text", "{}: line {}: {}; YOLO's are shares of the picture's width and height, 0 to 1",
         shown_short(name, 1000), in_pixels->number, in_pixels->why);
  }
  return objects;
}

}  // namespace hqsam
