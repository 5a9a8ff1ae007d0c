// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "golden.h"
#include "hqsam/onnx/export.h"
#include "onnx/interpreter.h"
#include "predict/tiny_model.h"
#include "temporary_folder.h"

namespace hqsam::testing_support {

// Every parameter random, norms and running statistics too, so that nothing in a graph can be left out unseen.
inline SamHq varied_model(const SamHqOptions& options) {
  SamHq model = tiny_model(options);
  torch::NoGradGuard no_grad;
  torch::manual_seed(5);
  for (auto& parameter : model->parameters()) parameter.add_(0.1 * torch::randn_like(parameter));
  for (auto& item : model->named_buffers()) {
    if (item.key().ends_with("running_var")) item.value().uniform_(0.5, 1.5);
    if (item.key().ends_with("running_mean")) item.value().normal_(0, 0.2);
  }
  return model;
}

// A ViT of 64 pixels whose windows of 3 do not divide its grid of 4.
inline SamHq vit_model() {
  SamHqOptions options = tiny_options();
  auto& encoder = std::get<ImageEncoderVitOptions>(options.image_encoder);
  encoder.depth = 3;
  encoder.window_size = 3;
  encoder.global_attn_indexes = {1, 2};
  encoder.layer_norm_eps = 1e-2;
  options.prompt_encoder.layer_norm_eps = 2e-2;
  options.mask_decoder.transformer.layer_norm_eps = 3e-3;
  options.mask_decoder.transformer.final_norm_eps = 2e-3;
  return varied_model(options);
}

inline SamHq tiny_vit_model() {
  SamHqOptions options = tiny_options();
  TinyVitOptions encoder;
  encoder.embed_dims = {8, 16, 32, 320};
  encoder.depths = {1, 2, 1, 1};
  encoder.num_heads = {1, 2, 4, 5};
  encoder.window_sizes = {3, 3, 4, 3};
  encoder.out_chans = 32;
  options.image_encoder = encoder;
  options.set_image_size(64);
  options.mask_decoder.vit_dim = options.early_width();
  return varied_model(options);
}

inline torch::Tensor noise_image(int64_t batch, int64_t height, int64_t width) {
  torch::manual_seed(9);
  return torch::rand({batch, 3, height, width}) * 255;
}

// A test with a folder of its own, which is not there at first.
class OnnxTest : public testing::Test {
 protected:
  Interpreter exported(const SamHq& model, const std::string& graph, const OnnxOptions& options = {}) const {
    export_onnx(model, folder_, options);
    return Interpreter(folder_ / (graph + ".onnx"));
  }

  TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path / "graphs";
};

}  // namespace hqsam::testing_support
