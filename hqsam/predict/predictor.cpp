// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/predictor.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/resize.h"
#include "hqsam/predict/tensor_image.h"

namespace hqsam {
namespace {

constexpr const char* kPredict = "SamPredictor::predict";

// Checks one prompt and brings it to the input frame.
class PromptReader {
 public:
  PromptReader(const InputFrame& frame, int64_t mask_side) : frame_(frame), mask_side_(mask_side) {}

  PromptRow read(const PredictPrompt& prompt, size_t number) const {
    if (!prompt.box && prompt.points.empty() && !prompt.mask_input.defined()) {
      fail(kPredict, "prompt {} is empty; give a box, points or a mask", number);
    }
    PromptRow row;
    if (prompt.box) row.box = read_box(*prompt.box, number);
    if (!prompt.points.empty()) row.points = read_points(prompt.points, number);
    row.point_labels = read_labels(prompt, number);
    if (prompt.mask_input.defined()) row.mask = read_mask(prompt.mask_input, number);
    return row;
  }

 private:
  torch::Tensor read_box(const Box& box, size_t number) const {
    const bool finite =
        std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) && std::isfinite(box.y1);
    if (!finite || box.x1 < box.x0 || box.y1 < box.y0) {
      fail(kPredict, "prompt {}: a box is x0,y0,x1,y1 in pixels with x0 <= x1 and y0 <= y1, got {},{},{},{}", number,
           box.x0, box.y0, box.x1, box.y1);
    }
    return box_tensor(frame_.to_input(box));
  }

  torch::Tensor read_points(const std::vector<Point>& points, size_t number) const {
    std::vector<double> coordinates;
    for (const Point& point : points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) {
        fail(kPredict, "prompt {}: a point is x,y in pixels, got {},{}", number, point.x, point.y);
      }
      const Point in_input = frame_.to_input(point);
      coordinates.insert(coordinates.end(), {in_input.x, in_input.y});
    }
    return torch::tensor(coordinates, torch::kFloat64).view({-1, 2}).to(torch::kFloat32);
  }

  static torch::Tensor read_labels(const PredictPrompt& prompt, size_t number) {
    const std::vector<int>& labels = prompt.point_labels;
    if (!labels.empty() && labels.size() != prompt.points.size()) {
      fail(kPredict, "prompt {}: {} points have {} labels; give one for each, or none for all positive", number,
           prompt.points.size(), labels.size());
    }
    for (const int label : labels) {
      if (label != 0 && label != 1) {
        fail(kPredict, "prompt {}: a point's label is 1 (inside) or 0 (outside), got {}", number, label);
      }
    }
    if (prompt.points.empty()) return {};
    if (labels.empty()) return torch::ones({static_cast<int64_t>(prompt.points.size())}, torch::kInt32);
    return torch::tensor(labels, torch::kInt32);
  }

  torch::Tensor read_mask(const torch::Tensor& mask, size_t number) const {
    const auto logits = mask.detach().to(torch::kCPU, torch::kFloat32);
    if (logits.dim() != 3 || logits.size(0) != 1 || logits.size(1) != mask_side_ || logits.size(2) != mask_side_) {
      fail(kPredict, "prompt {}: mask_input must be [1,{},{}], got [{}]; mask_prompt() makes it of a picture's mask",
           number, mask_side_, mask_side_, fmt::join(mask.sizes(), ","));
    }
    if (!logits.isfinite().all().item<bool>())
      fail(kPredict, "prompt {}: mask_input has numbers that are not finite", number);
    return logits;
  }

  const InputFrame& frame_;
  int64_t mask_side_;
};

}  // namespace

SamPredictor::SamPredictor(SamHq model) : model_(std::move(model)) {
  if (model_.is_empty()) fail("SamPredictor", "got no model; load one with load_sam_hq");
}

void SamPredictor::set_image(const Image& image) {
  torch::NoGradGuard no_grad;
  const Size input_size = longest_side_size(image.size(), model_->image_size());
  const auto input = image_to_tensor(resize_antialiased(image, input_size)).to(model_->device());
  ImageFeatures features = model_->encode(input);
  torch::Tensor hq_features;
  if (model_->has_hq()) hq_features = model_->mask_decoder->hq_features(features);
  features_ = std::move(features);
  hq_features_ = std::move(hq_features);
  frame_ = {image.size(), input_size};
}

Prediction SamPredictor::predict(const PredictPrompt& prompt, const PredictOptions& options) {
  return std::move(predict(std::vector<PredictPrompt>{prompt}, options).front());
}

std::vector<Prediction> SamPredictor::predict(const std::vector<PredictPrompt>& prompts,
                                              const PredictOptions& options) {
  const auto masks = static_cast<size_t>(masks_per_prompt(options));
  std::vector<Prediction> predictions(prompts.size() * masks);
  predict(prompts, options, [&](size_t prompt, int64_t rank, Prediction prediction) {
    predictions[prompt * masks + static_cast<size_t>(rank)] = std::move(prediction);
  });
  return predictions;
}

void SamPredictor::predict(const std::vector<PredictPrompt>& prompts, const PredictOptions& options,
                           const OnPrediction& on_prediction) {
  torch::NoGradGuard no_grad;
  if (!features_.image_embeddings.defined()) fail(kPredict, "no picture yet; call set_image first");
  if (prompts.empty()) fail(kPredict, "no prompts; give at least one box, point or mask");
  if (options.batch < 0) fail(kPredict, "PredictOptions::batch is at least 0, got {}", options.batch);
  if (options.masks != MaskKind::kSam && !model_->has_hq()) {
    fail(kPredict, "this model has no HQ modules; ask for SAM's masks (MaskKind::kSam) or load an HQ-SAM checkpoint");
  }
  const PromptReader reader(frame_, model_->mask_input_size());
  std::vector<PromptRow> rows;
  for (const PredictPrompt& prompt : prompts) rows.push_back(reader.read(prompt, rows.size()));

  const DecoderPass pass = options.masks == MaskKind::kSam ? DecoderPass::kSam : DecoderPass::kSamAndHq;
  const int64_t most = options.batch > 0 ? options.batch : model_->device().is_cpu() ? kDecoderRowsOnCpu : kDecoderRows;
  FrameRoom room;
  for (const auto& batch : prompt_batches(rows, most)) {
    const auto output = model_->decode(features_, hq_features_, stack_prompts(rows, batch, model_->device()), pass);
    hand_out(select_masks(output, options.masks, options.multimask), batch, options, on_prediction, room);
  }
}

// One at a time: a large picture's logits are large.
void SamPredictor::hand_out(const SelectedMasks& selected, const std::vector<int64_t>& batch,
                            const PredictOptions& options, const OnPrediction& on_prediction, FrameRoom& room) const {
  const auto low_res = selected.logits.to(torch::kFloat32);
  const auto scores = selected.iou.to(torch::kCPU, torch::kFloat64);
  for (int64_t row = 0; row < low_res.size(0); ++row) {
    for (int64_t rank = 0; rank < low_res.size(1); ++rank) {
      const auto own = low_res[row].narrow(0, rank, 1);
      Prediction prediction;
      prediction.score = scores[row][rank].item<double>();
      prediction.low_res_logits = own.cpu().clone();
      if (options.keep_mask) {
        if (options.keep_logits) room.logits = torch::Tensor();  // handed out
        postprocess_masks(own.unsqueeze(0), model_->image_size(), frame_.input_size, frame_.image_size, room.logits);
        const auto logits = room.logits[0][0];
        if (options.packed) {
          bits_of_logits(logits, room.bits);
          prediction.packed = pack_tightly(room.bits);
        } else {
          prediction.mask = mask_of_logits(logits);
        }
        if (options.keep_logits) prediction.logits = logits.cpu();
      }
      on_prediction(static_cast<size_t>(batch[row]), rank, std::move(prediction));
    }
  }
}

torch::Tensor SamPredictor::logits_at(const torch::Tensor& low_res, Size size) const {
  return postprocess_masks(low_res.unsqueeze(0), model_->image_size(), frame_.input_size, size)[0][0];
}

Mask SamPredictor::mask_at(const torch::Tensor& low_res_logits, Size size) const {
  torch::NoGradGuard no_grad;
  if (!features_.image_embeddings.defined()) fail("SamPredictor::mask_at", "no picture yet; call set_image first");
  if (low_res_logits.dim() != 3 || low_res_logits.size(0) != 1 || size.height < 1 || size.width < 1) {
    fail("SamPredictor::mask_at", "expected low_res_logits [1,M,M] and a size of at least a pixel, got [{}] and {}x{}",
         fmt::join(low_res_logits.sizes(), ","), size.width, size.height);
  }
  return mask_of_logits(logits_at(low_res_logits, size));
}

int64_t SamPredictor::masks_per_prompt(const PredictOptions& options) const {
  return hqsam::masks_per_prompt(options.masks, options.multimask,
                                 model_->options().mask_decoder.num_multimask_outputs);
}

torch::Tensor postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size) {
  torch::Tensor masks;
  postprocess_masks(low_res, side, input_size, image_size, masks);
  return masks;
}

void postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size,
                       torch::Tensor& room) {
  if (low_res.dim() != 4 || input_size.height > side || input_size.width > side) {
    fail("postprocess_masks", "expected masks [N,C,M,M] and an input of at most {0}x{0}, got [{1}] and {2}x{3}", side,
         fmt::join(low_res.sizes(), ","), input_size.width, input_size.height);
  }
  const auto square = torch::upsample_bilinear2d(low_res, {side, side}, /*align_corners=*/false);
  upsample_into(square.narrow(2, 0, input_size.height).narrow(3, 0, input_size.width), image_size, room);
}

torch::Tensor mask_prompt(const Mask& mask, int64_t side, int64_t mask_input_size) {
  CropResize whole;
  whole.scaled = longest_side_size(mask.size(), side);
  whole.side = side;
  std::vector<float> label = crop_resize_label(mask_to_gray(mask), whole);
  const auto square = torch::from_blob(label.data(), {1, 1, side, side}, torch::kFloat32);
  const auto small = torch::upsample_bilinear2d(square, {mask_input_size, mask_input_size}, /*align_corners=*/false);
  return (small[0] / 255 > 0.5).to(torch::kFloat32) * 255;
}

}  // namespace hqsam
