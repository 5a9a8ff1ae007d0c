// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include "hqsam/image/image.h"
#include "hqsam/model/sam_hq.h"

// A model and pictures that take no time.
namespace hqsam::testing_support {

// 64 pixels, 32 channels, mask input of 16.
inline SamHqOptions tiny_options() {
  SamHqOptions options;
  auto& encoder = std::get<ImageEncoderVitOptions>(options.image_encoder);
  encoder.embed_dim = 32;
  encoder.depth = 2;
  encoder.num_heads = 2;
  encoder.mlp_dim = 64;
  encoder.out_chans = 32;
  encoder.window_size = 2;
  encoder.global_attn_indexes = {1};
  options.set_image_size(64);
  options.prompt_encoder.embed_dim = 32;
  options.mask_decoder.transformer.embedding_dim = 32;
  options.mask_decoder.transformer.mlp_dim = 64;
  options.mask_decoder.iou_head_hidden_dim = 32;
  options.mask_decoder.vit_dim = 32;
  return options;
}

// Random weights, spread so that masks have an inside and an outside.
inline SamHq tiny_model(const SamHqOptions& options = tiny_options()) {
  torch::set_num_threads(1);  // with so little to do, threads only wait for each other
  SamHq model(options);
  initialize(model, InitScope::kAll, 7);
  for (auto& parameter : model->parameters()) parameter.set_requires_grad(false);
  return model;
}

// Waves of colour, different for each phase.
inline Image waves(int64_t height, int64_t width, int phase = 0) {
  Image image(height, width, 3);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double angle = 0.13 * static_cast<double>(x * (c + 1)) + 0.21 * static_cast<double>(y) + phase;
        image.at(y, x)[c] = static_cast<uint8_t>(127.5 + 127 * std::sin(angle));
      }
    }
  }
  return image;
}

// A filled ellipse, gray 0/255.
inline Image ellipse(int64_t height, int64_t width, double centre_x, double centre_y, double radius_x,
                     double radius_y) {
  Image label(height, width, 1);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double dx = (static_cast<double>(x) - centre_x) / radius_x;
      const double dy = (static_cast<double>(y) - centre_y) / radius_y;
      if (dx * dx + dy * dy <= 1) *label.at(y, x) = 255;
    }
  }
  return label;
}

}  // namespace hqsam::testing_support
