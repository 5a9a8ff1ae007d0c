// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "hqsam/predict/picture_session.h"

namespace hqsam {

// What to segment, in the picture's frame. Box, points and mask alone or together; at least one of them.
// Boxes and points may lie partly outside the picture, as in SAM.
struct PredictPrompt {
  std::optional<Box> box;
  std::vector<Point> points;
  std::vector<int> point_labels;  // 1 positive, 0 negative; as many as points, or none (all positive)
  torch::Tensor mask_input;       // [1,M,M] float, M = mask_input_size(): logits of an earlier prediction
};

struct PredictOptions {
  MaskKind masks = MaskKind::kSum;  // the paper's inference; kSam is a pass without the HQ token
  Multimask multimask = Multimask::kNone;
  bool keep_logits = true;  // false: Prediction::logits stays undefined, for many prompts on a large picture
  bool keep_mask = true;    // false: Prediction::mask and logits stay empty; mask_at makes one of any size
  bool packed = false;      // Prediction::packed in place of mask, for many prompts on a large picture
  int64_t batch = 0;        // most prompts in one decoder call, which bounds its memory; 0: by the device
};

// Tensors are float32 on the CPU.
struct Prediction {
  Mask mask;                     // the picture's size: logits > 0
  PackedMask packed;             // the same, where asked for in its place
  double score = 0;              // SAM's predicted IoU
  torch::Tensor low_res_logits;  // [1,M,M], the input frame, for the next round's mask_input
  torch::Tensor logits;          // [H,W], the picture's size
};

// Takes a prediction of prompt number `prompt` as soon as it is made; rank counts its masks from 0, best first.
using OnPrediction = std::function<void(size_t prompt, int64_t rank, Prediction prediction)>;

// A PictureSession that keeps the aspect, with prompts and masks in the picture's frame.
class SamPredictor {
 public:
  explicit SamPredictor(SamHq model);

  // RGB; runs the encoder once. Throws Error for a gray or empty picture; the one set before then stays.
  void set_image(const Image& image);
  // In place of set_image: a session of this model under Protocol::kKeepAspect.
  void set_session(PictureSession session);
  // With Multimask::kAll the best of them.
  Prediction predict(const PredictPrompt& prompt, const PredictOptions& options = {});
  // Prompts of any kinds, those of equal shape together in decoder batches; results in the order of prompts,
  // masks_per_prompt(options) of each, best first.
  // Throws Error, naming the prompt, before set_image, without prompts, for a prompt without a box, point or
  // mask, for as many labels as not points, a box with x1 < x0 or y1 < y0, and numbers that are not finite.
  std::vector<Prediction> predict(const std::vector<PredictPrompt>& prompts, const PredictOptions& options = {});
  // The same, one at a time, so that memory does not grow with the number of prompts: each decoder batch's are handed
  // out in order, the batches in order of their first prompts (prompts of one kind: all in order). Prompts are checked
  // before the first is handed out. What on_prediction throws ends it.
  void predict(const std::vector<PredictPrompt>& prompts, const PredictOptions& options,
               const OnPrediction& on_prediction);

  // low_res_logits [1,M,M] of a prediction or a mask prompt, brought to the picture and scaled to `size` pixels.
  Mask mask_at(const torch::Tensor& low_res_logits, Size size) const;

  // 1, or 3 of SAM's masks and of sums with Multimask::kAll.
  int64_t masks_per_prompt(const PredictOptions& options) const;

  SamHq& model() { return model_; }
  Size image_size() const { return session().frame().image_size; }
  // Throws Error before a picture is set.
  const PictureSession& session() const;

 private:
  SamHq model_;
  std::optional<PictureSession> session_;
};

// The prompt in the input frame. mask_input_size is the model's. Throws Error, naming the prompt by `number`, as
// SamPredictor::predict does.
Prompt prompt_in_input(const PredictPrompt& prompt, const InputFrame& frame, int64_t mask_input_size,
                       size_t number = 0);

// A label or mask of the picture's size in the square input of this side, lying as the picture does and 0 beyond it, by
// training's rule: gray -> [1,S,S] float 0..255.
torch::Tensor label_in_input(const Image& gray, const InputFrame& frame, int64_t side);
// A mask as a mask prompt [1,M,M], 0 or 255, M = mask_input_size: label_in_input, then to M x M by plain bilinear
// interpolation.
torch::Tensor mask_prompt(const Image& gray, const InputFrame& frame, int64_t side, int64_t mask_input_size);
// Under Protocol::kKeepAspect.
torch::Tensor mask_prompt(const Mask& mask, int64_t side, int64_t mask_input_size);

}  // namespace hqsam
