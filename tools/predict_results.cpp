// SPDX-License-Identifier: Apache-2.0
#include "predict_results.h"

#include <unistd.h>

#include <algorithm>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/spare.h"
#include "hqsam/mask/rle.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json box_json(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

// Converts a box of outermost pixels to COCO's x, y, width, height.
Json bbox_json(const std::optional<Box>& box) {
  if (!box) return {0, 0, 0, 0};
  return coco_bbox(*box);
}

void set_label(Json& json, const char* number_key, const char* text_key, const PromptLabel& label) {
  if (const auto* number = std::get_if<int64_t>(&label)) json[number_key] = *number;
  if (const auto* text = std::get_if<std::string>(&label)) json[text_key] = *text;
}

// A prompt as it was used, with the information from its file.
Json prompt_json(const PlacedPrompt& placed, const StatedPrompt& stated) {
  const PredictPrompt& prompt = placed.prompt;
  Json json = {{"number", placed.number}};
  set_label(json, "id", "id", stated.id);
  set_label(json, "category_id", "category", stated.category);
  if (!stated.category_name.empty()) json["category"] = stated.category_name;
  if (stated.score) json["score"] = *stated.score;
  if (prompt.box) json["box"] = box_json(*prompt.box);
  if (placed.cut) json["cut"] = true;
  Json points = Json::array();
  for (const Point& point : prompt.points) points.push_back({point.x, point.y});
  if (!prompt.points.empty()) json["points"] = points;
  if (!prompt.point_labels.empty()) json["labels"] = prompt.point_labels;
  if (prompt.mask_input.defined()) json["mask"] = true;
  return json;
}

Json failure_json(const PromptFailure& failure, const StatedPrompt& stated) {
  Json json = {{"number", failure.number}};
  set_label(json, "id", "id", stated.id);
  json["error"] = failure.reason;
  return json;
}

}  // namespace

ResultWriter::ResultWriter(ResultsOf of, const StatedPrompts& stated, const PlacedPrompts& prompts, bool keep)
    : of_(std::move(of)), stem_(of_.picture.stem().string()), stated_(stated), prompts_(prompts), keep_(keep) {
  const auto count = prompts.placed.size() * static_cast<size_t>(of_.per_prompt);
  predicted_ = {.picture = of_.image, .size = of_.size};
  predicted_.masks.resize(keep_ ? count : 0);
  predicted_.scores.resize(keep_ ? count : 0);
  results_.resize(count);
  written_.resize(count);
  if (of_.logits) {
    const auto rows = static_cast<int64_t>(count);
    low_res_ = torch::zeros({rows, 1, of_.mask_side, of_.mask_side});
    logits_ = torch::zeros({rows, of_.size.height, of_.size.width});
    scores_ = torch::zeros({rows});
  }
  fs::create_directories(of_.folder);
}

ResultWriter::~ResultWriter() {
  if (finished_ || std::count(written_.begin(), written_.end(), 1) == 0) return;
  std::error_code ignored;
  if (!files_of_results(file(".json")).empty()) fs::remove(file(".json"), ignored);
  for (size_t i = 0; i < written_.size(); ++i) {
    if (written_[i] != 0) fs::remove(of_.folder / mask_name(i), ignored);
  }
}

fs::path ResultWriter::file(const std::string& ending) const { return of_.folder / (stem_ + ending); }

std::string ResultWriter::mask_name(size_t result) const {
  const auto per_prompt = static_cast<size_t>(of_.per_prompt);
  const size_t number = prompts_.placed[result / per_prompt].number;
  return fmt::format("{}_{}.png", stem_, number * per_prompt + result % per_prompt);
}

size_t ResultWriter::result_of(size_t placed, int64_t rank) const {
  return placed * static_cast<size_t>(of_.per_prompt) + static_cast<size_t>(rank);
}

void ResultWriter::keep_logits(size_t result, const Prediction& prediction) {
  const auto row = static_cast<int64_t>(result);
  low_res_[row].copy_(prediction.low_res_logits);
  logits_[row].copy_(prediction.logits);
  scores_[row] = prediction.score;
}

void ResultWriter::write_mask(size_t result, const PackedMask& mask, double score) {
  Mask pixels(0, 0);
  pixels.height = mask.size.height, pixels.width = mask.size.width;
  pixels.pixels = take_spare(static_cast<size_t>(mask.size.height * mask.size.width));
  unpack_into(mask, 1, pixels.pixels);
  Rle rle = rle_encode(pixels);
  if (of_.png) write_png(result, std::move(pixels.pixels), mask, score, rle);
  if (!keep_) return;
  predicted_.masks[result] = std::move(rle);
  predicted_.scores[result] = score;
}

void ResultWriter::write_png(size_t result, std::vector<uint8_t> pixels, const PackedMask& mask, double score,
                             const Rle& rle) {
  const std::string name = mask_name(result);
  Image gray;
  gray.height = mask.size.height, gray.width = mask.size.width, gray.channels = 1;
  gray.pixels = std::move(pixels);
  for (uint8_t& value : gray.pixels) value = static_cast<uint8_t>(255 * value);
  write_image(of_.folder / name, gray);
  keep_spare(std::move(gray.pixels));
  written_[result] = 1;
  const auto per_prompt = static_cast<size_t>(of_.per_prompt);
  const PlacedPrompt& placed = prompts_.placed[result / per_prompt];
  results_[result] = {{"file", name},
                      {"score", score},
                      {"rank", result % per_prompt},
                      {"prompt", prompt_json(placed, stated_.prompts[placed.number])},
                      {"box", mask.box ? box_json(*mask.box) : Json(nullptr)},
                      {"bbox", bbox_json(mask.box)},
                      {"area", mask.area},
                      {"segmentation", {{"size", {rle.size.height, rle.size.width}}, {"counts", rle_to_string(rle)}}}};
}

void ResultWriter::write_logits() {
  TensorMap map;
  map.set("low_res_logits", low_res_);  // [N,1,M,M]
  map.set("logits", logits_);           // [N,H,W]
  map.set("iou", scores_);              // [N]
  write_safetensors(file(".safetensors"), map);
}

void ResultWriter::write_json() {
  Json json = {{"image", of_.image}, {"size", {of_.size.height, of_.size.width}}, {"masks", of_.masks}};
  json["boxes"] = "box of a prompt: x0, y0, x1, y1; of a result: its outermost pixels; bbox: x, y, width, height";
  if (of_.logits) json["logits"] = file(".safetensors").filename().string();
  Json failed = Json::array();
  for (const PromptFailure& failure : prompts_.failed) {
    failed.push_back(failure_json(failure, stated_.prompts[failure.number]));
  }
  if (!failed.empty()) json["failed"] = std::move(failed);
  json["results"] = Json::array();
  for (Json& result : results_) json["results"].push_back(std::move(result));
  write_file(file(".json"), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void ResultWriter::finish() {
  if (of_.logits) write_logits();
  finished_ = !of_.png;
  if (finished_) return;
  std::vector<std::string> stale = files_of_results(file(".json"));
  for (size_t i = 0; i < results_.size(); ++i) std::erase(stale, mask_name(i));
  if (of_.logits) std::erase(stale, file(".safetensors").filename().string());
  write_json();
  finished_ = true;
  std::error_code ignored;
  for (const std::string& name : stale) fs::remove(of_.folder / name, ignored);
}

void check_result_names(const fs::path& folder, const fs::path& picture, size_t masks) {
  constexpr long kUsual = 255;  // bytes
  const long most = ::pathconf(folder.c_str(), _PC_NAME_MAX);
  const auto room = static_cast<size_t>(most > 0 ? most : kUsual);
  const std::string stem = picture.stem().string();
  const std::string longest =
      std::max({fmt::format("_{}.png", masks), std::string("_overlay.jpg"), std::string(".safetensors")},
               [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (stem.size() + longest.size() <= room) return;
  fail("predict", "{}: its results would end in {} and take names of {} bytes where {} takes at most {}: rename it",
       picture.string(), longest, stem.size() + longest.size(), folder.string(), room);
}

std::vector<std::string> files_of_results(const fs::path& json) {
  std::vector<std::string> files;
  std::error_code ignored;
  if (!fs::is_regular_file(json, ignored)) return files;
  const std::string stem = json.stem().string();
  // Accepts only names that hqsam itself writes, whatever the file says.
  const auto take = [&](const nlohmann::json& name) {
    if (!name.is_string()) return;
    const std::string text = name.get<std::string>();
    const bool logits = text == stem + ".safetensors";
    const bool ours = text.starts_with(stem + "_") && text.ends_with(".png");
    const size_t begin = stem.size() + 1;
    const bool mask = ours && text.size() > begin + 4 &&
                      text.substr(begin, text.size() - begin - 4).find_first_not_of("0123456789") == std::string::npos;
    if (logits || mask) files.push_back(text);
  };
  try {
    const auto content = parse_json_object("predict", json.string(), read_file(json));
    if (content.value("info", nlohmann::json()) == nlohmann::json{{"description", kWrittenByHqsam}}) {  // of amg
      files.push_back(stem + "_labels.png");
      for (const auto& annotation : content.value("annotations", nlohmann::json::array())) {
        if (annotation.is_object() && annotation.contains("file")) take(annotation["file"]);
      }
      return files;
    }
    if (!content.contains("image") || !content.contains("masks")) return files;
    const nlohmann::json results = content.value("results", nlohmann::json::array());
    for (const auto& result : results) {
      if (result.is_object() && result.contains("file")) take(result["file"]);
    }
    if (content.contains("logits")) take(content["logits"]);
  } catch (const Error&) {                      // unreadable, so it lists no files
  } catch (const nlohmann::json::exception&) {  // another program's
  }
  return files;
}

}  // namespace hqsam
