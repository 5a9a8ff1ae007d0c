// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/sam_hq.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"

namespace hqsam {

namespace {

std::shared_ptr<ImageEncoderImpl> make_image_encoder(const ImageEncoderVitOptions& options) {
  return std::make_shared<ImageEncoderVitImpl>(options);
}
std::shared_ptr<ImageEncoderImpl> make_image_encoder(const TinyVitOptions& options) {
  return std::make_shared<TinyVitImpl>(options);
}

}  // namespace

SamHqImpl::SamHqImpl(SamHqOptions options) : options_(std::move(options)) {
  options_.validate();
  image_encoder = register_module(
      "image_encoder",
      std::visit([](const auto& encoder) { return make_image_encoder(encoder); }, options_.image_encoder));
  prompt_encoder = register_module("prompt_encoder", PromptEncoder(options_.prompt_encoder));
  mask_decoder = register_module("mask_decoder", MaskDecoder(options_.mask_decoder));
  eval();
}

torch::Device SamHqImpl::device() const { return prompt_encoder->device(); }

torch::Tensor SamHqImpl::preprocess(const torch::Tensor& image) const {
  const int64_t side = image_size();
  if (image.dim() != 4 || image.size(1) != 3 || image.size(2) > side || image.size(3) > side) {
    fail("SamHq::preprocess", "expected an image [B,3,H,W] of at most {0}x{0}, got {1}", side,
         fmt::join(image.sizes(), "x"));
  }
  // Filled on the device, because a copy from the host would wait for the device.
  const auto per_channel = [&](const std::array<double, 3>& values) {
    const auto channel = [&](double value) {
      return torch::full({1, 1, 1}, value, image.options().dtype(torch::kFloat32));
    };
    return torch::stack({channel(values[0]), channel(values[1]), channel(values[2])}, 1);
  };
  const auto normalized =
      (image.to(torch::kFloat32) - per_channel(options_.pixel_mean)) / per_channel(options_.pixel_std);
  return torch::constant_pad_nd(normalized, {0, side - image.size(3), 0, side - image.size(2)});
}

ImageFeatures SamHqImpl::encode(const torch::Tensor& image) { return image_encoder->forward(preprocess(image)); }

DecoderOutput SamHqImpl::decode(const ImageFeatures& features, const torch::Tensor& hq_features,
                                const PromptTensors& prompts, DecoderPass pass, bool with_attention) {
  const auto [sparse, dense] = prompt_encoder(prompts);
  return mask_decoder->forward(
      {features.image_embeddings, prompt_encoder->dense_pe(), sparse, dense, hq_features, with_attention}, pass);
}

bool is_hq_key(const std::string& key) {
  const std::string prefix = "mask_decoder.";
  for (const std::string& name : MaskDecoderImpl::hq_module_names()) {
    if (key.starts_with(prefix + name + ".")) return true;
  }
  return false;
}

bool has_hq_keys(const TensorMap& checkpoint) {
  const auto& tensors = checkpoint.tensors;
  return std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) { return is_hq_key(entry.first); });
}

bool is_base_key(const std::string& key) { return !is_hq_key(key); }

NamedTensors named_tensors(const SamHq& model) {
  NamedTensors all;
  for (const auto& item : model->named_parameters()) all.emplace_back(item.key(), item.value());
  for (const auto& item : model->named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

void initialize(SamHq& model, InitScope scope, uint64_t seed) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(seed);
  const auto uniform = [&](torch::Tensor tensor, double bound) {
    tensor.copy_(torch::empty(tensor.sizes()).uniform_(-bound, bound, generator));
  };
  const auto normal = [&](torch::Tensor tensor, double deviation) {
    tensor.copy_(torch::empty(tensor.sizes()).normal_(0, deviation, generator));
  };
  for (const auto& item : model->named_modules()) {
    if (scope == InitScope::kHq && !is_hq_key(item.key() + ".")) continue;
    auto own = item.value()->named_parameters(/*recurse=*/false);
    auto* weight = own.find("weight");
    if (item.value()->as<torch::nn::EmbeddingImpl>()) {
      normal(*weight, 1.0);
    } else if (weight && weight->dim() > 1) {
      const double bound = 1.0 / std::sqrt(static_cast<double>(weight->numel() / weight->size(0)));
      uniform(*weight, bound);
      if (auto* bias = own.find("bias")) uniform(*bias, bound);
    }
    if (auto* pos_embed = own.find("pos_embed")) normal(*pos_embed, 0.02);
    if (auto* code = item.value()->as<PositionEmbeddingRandomImpl>()) normal(code->buffers().front(), 1.0);
  }
}

}  // namespace hqsam
