// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/attention.h"

#include <array>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/evaluate/protocol.h"
#include "hqsam/predict/predictor.h"

namespace hqsam {
namespace {

// From black over violet and orange to pale yellow: even steps of lightness, also for the colour-blind.
constexpr std::array<std::array<double, 3>, 5> kGlow = {
    {{0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}}};

double glow(double value, size_t channel) {
  const double place = std::clamp(value, 0.0, 1.0) * (kGlow.size() - 1);
  const auto at = std::min(static_cast<size_t>(place), kGlow.size() - 2);
  const double share = place - static_cast<double>(at);
  return (1 - share) * kGlow[at][channel] + share * kGlow[at + 1][channel];
}

// [1,heads,T,G*G] of one pass over a sample's only prompt.
torch::Tensor run_decoder(SamHq& model, const PreparedSample& sample) {
  const auto device = model->device();
  const bool hq = model->has_hq();
  const ImageFeatures features = model->encode(sample.image_in_input.to(device));
  const auto prompt = model->prompt_encoder->forward(stack_prompts(sample.prompts, {0}, device));
  torch::Tensor attention;
  DecoderInput input;
  input.image_embeddings = features.image_embeddings;
  input.image_pe = model->prompt_encoder->dense_pe();
  input.sparse = prompt.sparse;
  input.dense = prompt.dense;
  if (hq) input.hq_features = model->mask_decoder->hq_features(features);
  input.attention = &attention;
  model->mask_decoder->forward(input, hq ? DecoderPass::kSamAndHq : DecoderPass::kSam);
  return attention.to(torch::kFloat32);
}

}  // namespace

std::map<std::string, torch::Tensor> token_attention(SamHq& model, const Sample& sample, int64_t mask_index,
                                                     const EvaluateOptions& options, int64_t index,
                                                     std::optional<Size> size) {
  const torch::NoGradGuard no_grad;
  const int64_t side = model->image_size();
  const PreparedSample prepared = prepare_sample(sample, index, options, side, mask_index);
  if (prepared.prompts.empty()) {
    fail("token_attention", "mask {} of {} has no inside", mask_index, sample.image_path);
  }
  const auto attention = run_decoder(model, prepared).mean(1);  // [1,T,G*G]
  const auto grid = std::llround(std::sqrt(static_cast<double>(attention.size(2))));
  const auto in_image = [&](int64_t token) {
    const auto low_res = attention.select(1, token).view({1, 1, grid, grid});
    auto weights =
        postprocess_masks(low_res, side, prepared.frame.input_size, size.value_or(sample.image.size()))[0][0];
    weights = weights - weights.min();
    return (weights / weights.max().clamp_min(1e-12)).cpu().contiguous();
  };
  std::map<std::string, torch::Tensor> maps;
  maps["sam"] = in_image(model->mask_decoder->sam_token());
  if (model->has_hq()) maps["hq"] = in_image(model->mask_decoder->hq_token());
  return maps;
}

Image attention_picture(const Image& image, const torch::Tensor& weights) {
  check_image("attention_picture", image);
  if (weights.dim() != 2 || weights.size(0) != image.height || weights.size(1) != image.width) {
    fail("attention_picture", "expected weights of the picture's {} x {}, got {}", image.height, image.width,
         fmt::join(weights.sizes(), " x "));
  }
  const auto values = weights.to(torch::kFloat32).cpu().contiguous();
  const float* value = values.data_ptr<float>();
  Image out(image.height, image.width, 3);
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    double gray = 0;
    for (int64_t c = 0; c < image.channels; ++c) gray += image.pixels[i * image.channels + c];
    gray /= static_cast<double>(image.channels);
    for (size_t c = 0; c < 3; ++c) {
      out.pixels[3 * i + c] = static_cast<uint8_t>(std::lround(0.35 * gray + 0.65 * glow(value[i], c)));
    }
  }
  return out;
}

}  // namespace hqsam
