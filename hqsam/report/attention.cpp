// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/attention.h"

#include <array>
#include <cmath>
#include <span>

#include "hqsam/core/error.h"
#include "hqsam/evaluate/prepare.h"

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

}  // namespace

std::map<MaskKind, torch::Tensor> token_attention(SamHq& model, const Sample& sample, int64_t mask_index,
                                                  const EvaluateOptions& options, int64_t index,
                                                  std::optional<Size> size) {
  const torch::NoGradGuard no_grad;
  const PreparedSample prepared = prepare_sample(sample, index, options, sizes_of(model), mask_index);
  if (prepared.prompts.empty()) {
    fail("token_attention", "mask {} of {} has no inside", mask_index, sample.image_path);
  }
  PictureSession session(model, prepared.picture);
  const MaskKind kind = model->has_hq() ? MaskKind::kHq : MaskKind::kSam;
  torch::Tensor attention;  // [1,T,G,G]
  session.decode(std::span(prepared.prompts).first(1), {.kinds = {kind}, .scores = false, .attention = true},
                 [&](const Decoded& decoded) { attention = decoded.attention; });
  FrameRoom room;
  const auto in_image = [&](int64_t token) {
    const auto of_token = session.logits_in_image(attention.narrow(1, token, 1), room, size).clone();
    const auto weights = of_token - of_token.min();
    return (weights / weights.max().clamp_min(1e-12)).cpu().contiguous();
  };
  std::map<MaskKind, torch::Tensor> maps;
  maps[MaskKind::kSam] = in_image(model->mask_decoder->sam_token());
  if (model->has_hq()) maps[MaskKind::kHq] = in_image(model->mask_decoder->hq_token());
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
