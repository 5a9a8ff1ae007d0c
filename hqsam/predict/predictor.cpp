// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/predictor.h"

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr const char* kPredict = "SamPredictor::predict";

// Computes logits one mask at a time, since those of a large picture take much memory.
Prediction prediction_of(const Decoded& decoded, const PictureSession& session, const PredictOptions& options,
                         FrameRoom& room) {
  Prediction prediction;
  prediction.score = decoded.score;
  prediction.low_res_logits = decoded.low_res[0].cpu().clone();
  if (!options.keep_mask) return prediction;
  if (options.keep_logits) room.logits = torch::Tensor();  // handed out
  const auto logits = session.logits_in_image(decoded.low_res, room);
  if (options.packed) {
    bits_of_logits(logits, room.bits);
    prediction.packed = pack_tightly(room.bits);
  } else {
    prediction.mask = mask_of_logits(logits);
  }
  if (options.keep_logits) prediction.logits = logits.cpu();
  return prediction;
}

}  // namespace

SamPredictor::SamPredictor(SamHq model) : model_(std::move(model)) {
  if (model_.is_empty()) fail("SamPredictor", "got no model; load one with load_sam_hq");
}

void SamPredictor::set_image(const Image& image) {
  session_ = PictureSession(model_, picture_input(image, Protocol::kKeepAspect, model_->image_size()));
}

void SamPredictor::set_session(PictureSession session) {
  if (session.frame().protocol != Protocol::kKeepAspect) {
    fail("SamPredictor::set_session", "the session's picture was squashed; SamPredictor keeps the aspect");
  }
  session_ = std::move(session);
}

const PictureSession& SamPredictor::session() const {
  if (!session_) fail("SamPredictor", "no picture yet; call set_image first");
  return *session_;
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
  if (!session_) fail(kPredict, "no picture yet; call set_image first");
  std::vector<Prompt> in_input;
  for (const PredictPrompt& prompt : prompts) {
    in_input.push_back(prompt_in_input(prompt, session_->frame(), model_->mask_input_size(), in_input.size()));
  }
  FrameRoom room;
  const DecodeOptions decode{.kinds = {options.masks}, .multimask = options.multimask, .batch = options.batch};
  session_->decode(in_input, decode, [&](const Decoded& decoded) {
    on_prediction(decoded.prompt, decoded.rank, prediction_of(decoded, *session_, options, room));
  });
}

Mask SamPredictor::mask_at(const torch::Tensor& low_res_logits, Size size) const {
  if (low_res_logits.dim() != 3 || low_res_logits.size(0) != 1 || size.height < 1 || size.width < 1) {
    fail("SamPredictor::mask_at", "expected low_res_logits [1,M,M] and a size of at least a pixel, got [{}] and {}x{}",
         fmt::join(low_res_logits.sizes(), ","), size.width, size.height);
  }
  FrameRoom room;
  return mask_of_logits(session().logits_in_image(low_res_logits.unsqueeze(0), room, size));
}

int64_t SamPredictor::masks_per_prompt(const PredictOptions& options) const {
  return hqsam::masks_per_prompt(options.masks, options.multimask,
                                 model_->options().mask_decoder.num_multimask_outputs);
}

}  // namespace hqsam
