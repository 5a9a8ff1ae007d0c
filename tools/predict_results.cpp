// SPDX-License-Identifier: Apache-2.0
#include "predict_results.h"

#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/resize.h"
#include "hqsam/mask/rle.h"
#include "hqsam/predict/tensor_image.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json box_json(const Box& box) { return {box.x0, box.y0, box.x1, box.y1}; }

Json result_json(const PredictPrompt& prompt, size_t rank, const Prediction& prediction, const std::string& file) {
  const Rle rle = rle_encode(prediction.mask);
  const std::optional<Box> bounds = bounding_box(prediction.mask);
  Json points = Json::array();
  for (const Point& point : prompt.points) points.push_back({point.x, point.y});
  Json prompt_json = Json::object();
  if (prompt.box) prompt_json["box"] = box_json(*prompt.box);
  if (!prompt.points.empty()) prompt_json["points"] = points;
  if (!prompt.point_labels.empty()) prompt_json["labels"] = prompt.point_labels;
  if (prompt.mask_input.defined()) prompt_json["mask"] = true;
  return {{"file", file},
          {"score", prediction.score},
          {"rank", rank},
          {"prompt", prompt_json},
          {"box", bounds ? box_json(*bounds) : Json(nullptr)},
          {"area", area(prediction.mask)},
          {"segmentation", {{"size", {rle.size.height, rle.size.width}}, {"counts", rle_to_string(rle)}}}};
}

void write_logits(const fs::path& path, const std::vector<Prediction>& predictions) {
  std::vector<torch::Tensor> low_res, logits;
  std::vector<float> scores;
  for (const Prediction& prediction : predictions) {
    low_res.push_back(prediction.low_res_logits);
    logits.push_back(prediction.logits);
    scores.push_back(static_cast<float>(prediction.score));
  }
  TensorMap map;
  map.set("low_res_logits", torch::stack(low_res));  // [N,1,M,M]
  map.set("logits", torch::stack(logits));           // [N,H,W]
  map.set("iou", torch::tensor(scores));             // [N]
  write_safetensors(path, map);
}

}  // namespace

void write_results(const fs::path& folder, const PictureResults& results, const std::string& masks, bool keep_logits) {
  Json list = Json::array();
  const size_t per_prompt = results.predictions.size() / results.prompts.size();
  for (size_t i = 0; i < results.predictions.size(); ++i) {
    const std::string file = fmt::format("{}_{}.png", results.stem, i);
    write_image(folder / file, mask_to_gray(results.predictions[i].mask));
    list.push_back(result_json(results.prompts[i / per_prompt], i % per_prompt, results.predictions[i], file));
  }
  if (keep_logits) write_logits(folder / (results.stem + ".safetensors"), results.predictions);
  const Json json = {{"image", results.path.string()},
                     {"size", {results.image.height, results.image.width}},
                     {"masks", masks},
                     {"results", list}};
  write_file(folder / (results.stem + ".json"), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Panel mask_panel(const PictureResults& results, const std::vector<Prediction>& predictions, Color color,
                 const std::string& caption) {
  Image image = results.image;
  for (const Prediction& prediction : predictions) draw_mask(image, prediction.mask, color);
  return {std::move(image), caption};
}

Panel prompt_panel(const PictureResults& results, int64_t side) {
  Image image = results.image;
  for (const PredictPrompt& prompt : results.prompts) {
    if (prompt.mask_input.defined()) {
      const Size size = image.size();
      const auto mask = postprocess_masks(prompt.mask_input.unsqueeze(0), side, longest_side_size(size, side), size);
      draw_mask(image, mask_of_logits(mask[0][0]), kPromptColor);
    }
    if (prompt.box) draw_box(image, *prompt.box, kPromptColor);
    for (size_t i = 0; i < prompt.points.size(); ++i) {
      const bool inside = prompt.point_labels.empty() || prompt.point_labels[i] == 1;
      draw_point(image, prompt.points[i], inside ? kPromptColor : kSamColor);
    }
  }
  return {std::move(image), "prompt"};
}

}  // namespace hqsam
