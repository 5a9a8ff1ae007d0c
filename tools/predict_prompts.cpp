// SPDX-License-Identifier: Apache-2.0
#include "predict_prompts.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;

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

std::optional<Box> box_of(const std::vector<double>& n) {
  if (n.size() != 4 || n[2] < n[0] || n[3] < n[1]) return std::nullopt;
  return Box{n[0], n[1], n[2], n[3]};
}

// The rows of a JSON list of lists of numbers.
std::vector<std::vector<double>> rows_of(const Json& list, const std::string& where, const char* expected) {
  std::vector<std::vector<double>> rows;
  try {
    rows = list.get<std::vector<std::vector<double>>>();
  } catch (const Json::exception&) {
    fail("predict", "{} expects {}, got {}", where, expected, list.dump());
  }
  return rows;
}

constexpr const char* kBoxForm = "a list of [x0, y0, x1, y1] with x0 <= x1 and y0 <= y1";
constexpr const char* kPointForm = "a list of [x, y]";
constexpr const char* kLabelForm = "a list of 0 and 1, one for each point";

void check_inside(const PredictPrompt& prompt, Size size, const std::string& image) {
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  if (prompt.box) {
    const Box& box = *prompt.box;
    if (box.x1 < 0 || box.y1 < 0 || box.x0 >= width || box.y0 >= height) {
      fail("predict", "the box {},{},{},{} lies outside of {} ({}x{} pixels)", box.x0, box.y0, box.x1, box.y1, image,
           size.width, size.height);
    }
  }
  for (const Point& point : prompt.points) {
    if (point.x < 0 || point.y < 0 || point.x >= width || point.y >= height) {
      fail("predict", "the point {},{} lies outside of {} ({}x{} pixels)", point.x, point.y, image, size.width,
           size.height);
    }
  }
}

torch::Tensor read_logits(const std::string& path, int64_t side) {
  const torch::Tensor logits = read_safetensors(path).at("low_res_logits");
  if (logits.numel() != side * side || logits.dim() < 2 || logits.size(-1) != side || logits.size(-2) != side) {
    fail("predict", "--mask {}: low_res_logits has shape [{}], this model takes one mask [1,{},{}]", path,
         fmt::join(logits.sizes(), ","), side, side);
  }
  return logits.to(torch::kFloat).reshape({1, side, side});
}

torch::Tensor read_mask_input(const std::string& path, Size size, const SamHq& model) {
  const int64_t side = model->mask_input_size();
  if (std::filesystem::path(path).extension() == ".safetensors") return read_logits(path, side);
  Image mask = read_gray(path);
  if (mask.size() != size) {
    fail("predict", "--mask {} has {}x{} pixels, the picture {}x{}: they must be equal", path, mask.width, mask.height,
         size.width, size.height);
  }
  const uint8_t highest = *std::max_element(mask.pixels.begin(), mask.pixels.end());
  if (highest == 1) {
    spdlog::warn("{} holds 0 and 1; read as 0 and 255", path);
    for (uint8_t& pixel : mask.pixels) pixel = pixel == 1 ? 255 : 0;
  } else if (highest <= 128) {
    fail("predict", "--mask {} has no inside: no pixel is above 128", path);
  }
  return mask_prompt(threshold_label(mask), model->image_size(), side);
}

}  // namespace

std::optional<Box> parse_box(const std::string& text) { return box_of(parse_numbers(text)); }

std::optional<LabelledPoint> parse_point(const std::string& text) {
  const std::vector<double> n = parse_numbers(text);
  if (n.size() != 2 && n.size() != 3) return std::nullopt;
  const double label = n.size() == 3 ? n[2] : 1;
  if (label != 0 && label != 1) return std::nullopt;
  return LabelledPoint{{n[0], n[1]}, static_cast<int>(label)};
}

PicturePrompts::PicturePrompts(const PromptArguments& arguments) : arguments_(arguments) {
  for (const std::string& text : arguments.boxes) common_.boxes.push_back(parse_box(text).value());
  for (const std::string& text : arguments.points) {
    const LabelledPoint point = parse_point(text).value();
    common_.points.push_back(point.point);
    common_.labels.push_back(point.label);
  }
  const bool none = common_.boxes.empty() && common_.points.empty() && arguments.mask.empty();
  if (arguments.prompts.empty() && none) {
    fail("predict", "no prompt: say what to segment by --box x0,y0,x1,y1, --point x,y, --mask FILE or --prompts FILE");
  }
  if (arguments.prompts.empty()) return;
  if (!none) fail("predict", "--prompts already brings the prompts: leave --box, --point and --mask out");
  read_file_of_prompts();
}

void PicturePrompts::read_file_of_prompts() {
  const std::string& path = arguments_.prompts;
  const Json file = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!file.is_object()) {
    fail("predict", "{} is not a JSON object such as {{\"kite.jpg\": {{\"boxes\": [[420, 60, 910, 700]]}}}}", path);
  }
  for (const auto& [name, prompts] : file.items()) {
    const std::string where = path + ": '" + name + "'";
    if (!prompts.is_object()) fail("predict", "{} expects an object with boxes or points", where);
    Entry entry;
    for (const auto& [key, value] : prompts.items()) {
      const std::string at = where + " " + key;
      if (key == "boxes") {
        for (const auto& row : rows_of(value, at, kBoxForm)) {
          if (!box_of(row)) fail("predict", "{} expects {}, got {}", at, kBoxForm, value.dump());
          entry.boxes.push_back(*box_of(row));
        }
      } else if (key == "points") {
        for (const auto& row : rows_of(value, at, kPointForm)) {
          if (row.size() != 2) fail("predict", "{} expects {}, got {}", at, kPointForm, value.dump());
          entry.points.push_back({row[0], row[1]});
        }
      } else if (key == "labels") {
        for (const Json& label : value) {
          if (label != 0 && label != 1) fail("predict", "{} expects {}, got {}", at, kLabelForm, value.dump());
          entry.labels.push_back(label.get<int>());
        }
      } else {
        fail("predict", "{} has the unknown key '{}'{}", where, key, did_you_mean(key, {"boxes", "points", "labels"}));
      }
    }
    if (!entry.labels.empty() && entry.labels.size() != entry.points.size()) {
      fail("predict", "{} has {} points and {} labels: labels is {}", where, entry.points.size(), entry.labels.size(),
           kLabelForm);
    }
    by_name_.emplace(name, std::move(entry));
  }
}

const PicturePrompts::Entry& PicturePrompts::entry_of(const std::filesystem::path& image) const {
  if (arguments_.prompts.empty()) return common_;
  const auto found = by_name_.find(image.filename().string());
  if (found != by_name_.end() && !(found->second.boxes.empty() && found->second.points.empty())) return found->second;
  fail("predict", "{} has no prompts for {}: give '{}' boxes or points there", arguments_.prompts, image.string(),
       image.filename().string());
}

std::vector<PredictPrompt> PicturePrompts::of(const std::filesystem::path& image, Size size, const SamHq& model) const {
  const Entry& entry = entry_of(image);
  PredictPrompt shared;
  shared.points = entry.points;
  shared.point_labels = entry.labels;
  if (!arguments_.mask.empty()) shared.mask_input = read_mask_input(arguments_.mask, size, model);
  if (entry.boxes.size() > 1 && (!shared.points.empty() || shared.mask_input.defined())) {
    fail("predict", "{}: points and a mask go with one box, or stand alone; there are {} boxes", image.string(),
         entry.boxes.size());
  }
  std::vector<PredictPrompt> prompts(std::max<size_t>(1, entry.boxes.size()), shared);
  for (size_t i = 0; i < entry.boxes.size(); ++i) prompts[i].box = entry.boxes[i];
  for (const PredictPrompt& prompt : prompts) check_inside(prompt, size, image.string());
  return prompts;
}

std::vector<std::string> PicturePrompts::unused(const std::vector<std::filesystem::path>& images) const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : by_name_) names.push_back(name);
  for (const std::filesystem::path& image : images) std::erase(names, image.filename().string());
  return names;
}

}  // namespace hqsam
