// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "hqsam/image/image.h"
#include "hqsam/mask/packed.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/predict/input_frame.h"
#include "hqsam/predict/prompt_rows.h"
#include "hqsam/predict/tensor_image.h"

namespace hqsam {

// What to segment, in the picture's frame. Points go with the box or stand alone; at least one prompt.
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

// One picture, any number of prompts. Keeps the aspect: longest side to the model's size with Pillow's
// antialiased bilinear, padded; masks go back through the padded square, cropped, to the picture's size.
class SamPredictor {
 public:
  explicit SamPredictor(SamHq model);

  // RGB; runs the encoder once. Throws Error for a gray or empty picture; the one set before then stays.
  void set_image(const Image& image);
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
  Size image_size() const { return frame_.image_size; }

 private:
  void hand_out(const SelectedMasks& selected, const std::vector<int64_t>& batch, const PredictOptions& options,
                const OnPrediction& on_prediction, FrameRoom& room) const;
  torch::Tensor logits_at(const torch::Tensor& low_res, Size size) const;  // [1,M,M] -> [H,W]

  SamHq model_;
  InputFrame frame_;
  ImageFeatures features_;
  torch::Tensor hq_features_;
};

// SAM's postprocess_masks: low_res [N,C,M,M] -> S x S, cut to input_size, -> image_size; both bilinear.
torch::Tensor postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size);
// The same into a tensor that is used again (FrameRoom).
void postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size,
                       torch::Tensor& room);

// A mask of the picture's size as a mask prompt: brought to the mask input as in training, 0 or 255: [1,M,M].
// The mask is scaled with the picture's aspect into the padded square, then to M x M.
torch::Tensor mask_prompt(const Mask& mask, int64_t side, int64_t mask_input_size);

}  // namespace hqsam
