// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/training_samples.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/draw.h"
#include "hqsam/metrics/iou.h"
#include "hqsam/report/html.h"
#include "hqsam/report/panels.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;

constexpr Size kPicture = {320, 320};  // pixels, at most
constexpr int kQuality = 85;

void append(const std::filesystem::path& path, const Json& line) {
  std::ofstream stream(path, std::ios::app);
  stream << line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" << std::flush;
  if (!stream) fail("TrainingSamples", "cannot write {}: is the disk full?", path.string());
}

// The first mask that is no crowd and has an inside.
std::optional<int64_t> shown_mask(const Sample& sample) {
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    const bool crowd = i < sample.infos.size() && sample.infos[i].crowd;
    if (!crowd && sample.labels[i].area() > 0) return static_cast<int64_t>(i);
  }
  return std::nullopt;
}

}  // namespace

TrainingSamples::TrainingSamples(std::filesystem::path run_folder, std::vector<NamedDataset> sets,
                                 EvaluateOptions options, int64_t count)
    : folder_(std::move(run_folder)), sets_(std::move(sets)), options_(std::move(options)) {
  const auto set_count = static_cast<int64_t>(sets_.size());
  for (int64_t s = 0; s < set_count; ++s) {
    const int64_t size = sets_[s].dataset->size();
    const int64_t own = std::min(size, (s + 1) * count / set_count - s * count / set_count);
    for (int64_t i = 0; i < own; ++i) choices_.push_back({static_cast<size_t>(s), i * size / own});
  }
}

std::vector<TrainingSamples::Picture> TrainingSamples::draw(SamHq& model, int64_t step,
                                                            std::optional<MaskKind> kind_to_draw) {
  EvaluateOptions options = options_;
  if (kind_to_draw) options.masks = {*kind_to_draw};
  const auto folder = folder_ / "samples", index = folder / "index.jsonl";
  std::filesystem::create_directories(folder);
  std::vector<Picture> pictures;
  for (size_t i = 0; i < choices_.size(); ++i) {
    const NamedDataset& set = sets_[choices_[i].set];
    const Sample sample = set.dataset->get(choices_[i].index);
    const auto shown = shown_mask(sample);
    if (!shown) continue;
    const Mask truth = threshold_label(sample.labels[*shown]);
    SampleMasks masks;
    try {
      masks = evaluate_sample(model, sample, *shown, options, choices_[i].index);
    } catch (const Error& error) {  // the mask may vanish in the model's frame
      spdlog::warn("no picture of {} in the run's samples: {}", sample.image_path, error.what());
      continue;
    }
    const Json about = {{"sample", i}, {"set", set.name}, {"name", sample.name}};

    const std::string truth_file = fmt::format("truth_{}.jpg", i);
    if (!std::filesystem::exists(folder / truth_file)) {
      Image image = sample.image;
      draw_mask(image, truth, kTruthColor);
      draw_prompt(image, masks.prompt_in_image);
      write_image(folder / truth_file, html_sized(image, kPicture), kQuality);
      Json line = about;
      line["file"] = truth_file;
      append(index, line);
    }
    const auto& [kind, mask] = *masks.masks.begin();
    Image image = sample.image;
    draw_mask(image, mask, kind == MaskKind::kSam ? kSamColor : kHqColor);
    const std::string file = fmt::format("step_{:08}_{}.jpg", step, i);
    pictures.push_back({static_cast<int64_t>(i), set.name, sample.name, html_sized(image, kPicture)});
    write_image(folder / file, pictures.back().image, kQuality);
    Json line = about;
    line["file"] = file;
    line["step"] = step;
    line["kind"] = to_string(kind);
    line["iou"] = 100 * mask_iou(mask, truth);
    line["boundary_iou"] = 100 * boundary_iou(mask, truth, options_.boundary_dilation);
    append(index, line);
  }
  return pictures;
}

std::vector<TrainingPicture> read_training_pictures(const std::filesystem::path& run_folder, int64_t last_step) {
  const auto folder = run_folder / "samples", index = folder / "index.jsonl";
  if (!std::filesystem::exists(index)) return {};
  std::map<std::pair<int64_t, int64_t>, TrainingPicture> pictures;
  std::istringstream stream(read_file(index, kAnySize));
  for (std::string text; std::getline(stream, text);) {
    const auto json = json_object_or_nothing(text).value_or(nullptr);
    TrainingPicture picture;
    try {
      picture.sample = json.at("sample").get<int64_t>();
      picture.file = json.at("file").get<std::string>();
      picture.set = json.at("set").get<std::string>();
      picture.name = json.at("name").get<std::string>();
      if (json.contains("step")) {
        picture.step = json.at("step").get<int64_t>();
        picture.kind = json.value("kind", "");
        picture.iou = json.at("iou").get<double>();
        picture.boundary_iou = json.at("boundary_iou").get<double>();
      }
    } catch (const Json::exception&) {
      continue;
    }
    const std::filesystem::path file = picture.file;
    if (picture.step > last_step || file != file.filename() || !std::filesystem::exists(folder / file)) continue;
    pictures[{picture.sample, picture.step}] = picture;
  }
  std::vector<TrainingPicture> sorted;
  for (auto& [key, picture] : pictures) sorted.push_back(std::move(picture));
  return sorted;
}

}  // namespace hqsam
