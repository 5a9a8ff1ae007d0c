// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "hqsam/core/error.h"
#include "hqsam/synth/coarsen.h"
#include "hqsam/synth/ground.h"
#include "hqsam/synth/noise.h"
#include "hqsam/synth/render.h"
#include "hqsam/synth/things.h"

namespace hqsam {
namespace {

using synth::Dice;
using synth::Pt;
using synth::Rendered;
using synth::Rgb;

using Thing = synth::Drawing (*)(Dice&);
constexpr std::array<Thing, 14> kThings = {
    synth::wires, synth::wheel, synth::branch,   synth::kite,      synth::fence, synth::leaf,   synth::bicycle,
    synth::pylon, synth::fern,  synth::umbrella, synth::dandelion, synth::chair, synth::insect, synth::glasses};

bool is_outdoors(const std::string& kind) {
  return kind == "kite" || kind == "pylon" || kind == "branch" || kind == "wire" || kind == "umbrella";
}

float brightness(const cv::Scalar& color) {
  return static_cast<float>(0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]);
}

// Surface texture, and light that falls off across the thing.
void shade(Rendered& thing, Pt light, Dice& dice) {
  const cv::Size size = thing.alpha.size();
  const float cell = dice.in(3, 40);
  const cv::Mat texture = synth::noise(size, {cell, cell}, 4, dice.stream());
  const float rough = dice.in(0.05f, 0.45f), fall = dice.in(0, 0.35f);
  const float width = static_cast<float>(size.width), height = static_cast<float>(size.height);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float across =
          light.x * (static_cast<float>(x) / width - 0.5f) + light.y * (static_cast<float>(y) / height - 0.5f);
      thing.color.at<Rgb>(y, x) *= 1 + rough * (texture.at<float>(y, x) - 0.5f) + fall * across;
    }
  }
}

// Makes a thing lighter or darker if its colour is too close to the ground's.
void keep_contrast(Rendered& thing, const cv::Mat& ground) {
  const cv::Mat inside = thing.alpha > 0.5f;
  const cv::Scalar own = cv::mean(thing.color, inside), behind = cv::mean(ground, inside);
  const double distance = cv::norm(own - behind);
  if (distance > 55) return;
  const bool lighter = brightness(behind) < 115;
  for (int y = 0; y < thing.color.rows; ++y) {
    for (int x = 0; x < thing.color.cols; ++x) {
      Rgb& pixel = thing.color.at<Rgb>(y, x);
      pixel = lighter ? 1.5f * pixel + Rgb(60, 56, 50) : 0.4f * pixel;
    }
  }
}

void cast_shadow(cv::Mat& ground, const cv::Mat& alpha, Pt light, Dice& dice) {
  const float unit = static_cast<float>(std::max(ground.cols, ground.rows)) / 512;
  const float distance = unit * dice.in(3, 22), darkness = dice.in(0.2f, 0.55f);
  const cv::Matx23f shift(1, 0, -light.x * distance, 0, 1, -light.y * distance);
  cv::Mat shadow;
  cv::warpAffine(alpha, shadow, shift, alpha.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar(0));
  cv::GaussianBlur(shadow, shadow, {0, 0}, unit * dice.in(1.5f, 7.0f));
  for (int y = 0; y < ground.rows; ++y) {
    for (int x = 0; x < ground.cols; ++x) ground.at<Rgb>(y, x) *= 1 - darkness * shadow.at<float>(y, x);
  }
}

void composite(cv::Mat& ground, const Rendered& thing) {
  for (int y = 0; y < ground.rows; ++y) {
    for (int x = 0; x < ground.cols; ++x) {
      Rgb& pixel = ground.at<Rgb>(y, x);
      pixel = synth::mix(pixel, thing.color.at<Rgb>(y, x), thing.alpha.at<float>(y, x));
    }
  }
}

// The lens and the sensor: darker corners, a little blur, noise.
void expose(cv::Mat& picture, Dice& dice) {
  const float corners = dice.in(0, 0.3f), gain = dice.in(0.88f, 1.1f);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const float dx = 2 * static_cast<float>(x) / static_cast<float>(picture.cols) - 1;
      const float dy = 2 * static_cast<float>(y) / static_cast<float>(picture.rows) - 1;
      picture.at<Rgb>(y, x) *= gain * (1 - 0.5f * corners * (dx * dx + dy * dy));
    }
  }
  const float sigma = dice.in(0.2f, 0.75f);
  cv::GaussianBlur(picture, picture, {0, 0}, sigma);
  picture += synth::grain(picture.size(), dice.in(0.5f, 5.0f), dice.stream());
}

Image to_image(const cv::Mat& floats) {
  cv::Mat bytes;
  floats.convertTo(bytes, CV_8U, floats.channels() == 1 ? 255 : 1);
  Image image(bytes.rows, bytes.cols, bytes.channels());
  std::copy(bytes.datastart, bytes.dataend, image.pixels.begin());
  return image;
}

}  // namespace

void SynthOptions::validate() const {
  for (const int64_t side : {size.height, size.width}) {
    if (side < 64 || side > 4096)
      fail("SynthOptions", "the sides must be 64 to 4096 pixels, got {}x{}", size.width, size.height);
  }
}

SynthScene synth_scene(const SynthOptions& options, int64_t index) {
  options.validate();
  if (index < 0) fail("synth_scene", "the index must be at least 0, got {}", index);
  RandomStream stream = random_stream(options.seed, 0, index, Draw::kSynth);
  Dice dice(stream);
  const cv::Size size(static_cast<int>(options.size.width), static_cast<int>(options.size.height));
  // Every run of scenes that is as long as the list shows each thing once.
  const synth::Drawing drawing = kThings[index % kThings.size()](dice);
  const Pt light = synth::polar(1, dice.in(-2.6f, -0.5f));  // from above
  Rendered thing = synth::render(drawing, synth::place(drawing, size, dice), size, light);
  cv::Mat picture = synth::ground(size, is_outdoors(drawing.kind), dice);
  shade(thing, light, dice);
  keep_contrast(thing, picture);
  std::vector<Rgb> colors;
  for (const synth::Primitive& primitive : drawing.primitives) colors.push_back(primitive.color);
  synth::add_distractors(picture, colors, dice);
  if (dice.chance(0.6)) cast_shadow(picture, thing.alpha, light, dice);
  composite(picture, thing);
  expose(picture, dice);

  SynthScene scene;
  scene.kind = drawing.kind;
  scene.image = to_image(picture);
  scene.fine = to_image(thing.alpha);
  scene.coarse = mask_to_gray(coarsen(threshold_label(scene.fine), stream));
  return scene;
}

}  // namespace hqsam
