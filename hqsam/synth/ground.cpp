// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/ground.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "hqsam/synth/noise.h"

namespace hqsam::synth {
namespace {

cv::Scalar scalar(const Rgb& color) { return {color[0], color[1], color[2]}; }

float longer(cv::Size size) { return static_cast<float>(std::max(size.width, size.height)); }

// Noise with its contrast raised around the middle, 0..1.
cv::Mat strong_noise(cv::Size size, cv::Size2f cell, int octaves, float contrast, Dice& dice) {
  cv::Mat result = noise(size, cell, octaves, dice.stream());
  result = (result - 0.5) * contrast + 0.5;
  return cv::max(0.0, cv::min(1.0, result));
}

// From color a where t is 0 to color b where it is 1.
cv::Mat blend(const Rgb& a, const Rgb& b, const cv::Mat& t) {
  cv::Mat result(t.size(), CV_32FC3);
  for (int y = 0; y < t.rows; ++y) {
    for (int x = 0; x < t.cols; ++x) result.at<Rgb>(y, x) = mix(a, b, t.at<float>(y, x));
  }
  return result;
}

cv::Mat blend(const cv::Mat& a, const cv::Mat& b, const cv::Mat& t) {
  cv::Mat result(t.size(), CV_32FC3);
  for (int y = 0; y < t.rows; ++y) {
    for (int x = 0; x < t.cols; ++x) result.at<Rgb>(y, x) = mix(a.at<Rgb>(y, x), b.at<Rgb>(y, x), t.at<float>(y, x));
  }
  return result;
}

// 0 at the top to 1 at the bottom.
cv::Mat ramp(cv::Size size) {
  cv::Mat result(size, CV_32F);
  for (int y = 0; y < size.height; ++y) result.row(y) = static_cast<float>(y) / static_cast<float>(size.height);
  return result;
}

void scale_by(cv::Mat& picture, const cv::Mat& factor) {
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) picture.at<Rgb>(y, x) *= factor.at<float>(y, x);
  }
}

cv::Mat sky(cv::Size size, Dice& dice) {
  const bool dusk = dice.chance(0.35);
  const float hue = dice.in(200, 225);
  const Rgb high = dusk ? hsv(hue + 20, 0.55f, dice.in(0.3f, 0.6f)) : hsv(hue, dice.in(0.4f, 0.75f), 0.85f);
  const Rgb low = dusk ? hsv(dice.in(10, 40), 0.6f, 0.95f) : hsv(hue, 0.18f, 0.96f);
  const Rgb cloud = dusk ? hsv(dice.in(0, 35), 0.3f, 0.85f) : Rgb(245, 246, 250);
  const float cell = longer(size) * dice.in(0.25f, 0.6f);
  const float clear = dice.in(0, 0.5f);
  const cv::Mat clouds = strong_noise(size, {1.6f * cell, cell}, 6, 3.0f, dice) - clear;
  return blend(blend(high, low, ramp(size)), cv::Mat(size, CV_32FC3, scalar(cloud)), cv::max(0.0, clouds));
}

cv::Mat grass(cv::Size size, Dice& dice) {
  const Rgb dark = mix(green(dice), {10, 20, 5}, 0.5f), light = mix(green(dice), {220, 220, 90}, 0.25f);
  cv::Mat picture = blend(dark, mix(dark, light, 0.5f), strong_noise(size, {60, 40}, 4, 2.5f, dice));
  const float reach = longer(size) / 512 * dice.in(14, 40);
  const int blades = static_cast<int>(static_cast<float>(size.area()) / (reach * 2.2f));
  for (int i = 0; i < blades; ++i) {
    const float y = static_cast<float>(size.height) * (static_cast<float>(i) / static_cast<float>(blades) * 1.1f);
    const Pt foot{dice.in(0, static_cast<float>(size.width)), y};
    const float bend = dice.in(-0.7f, 0.7f);
    const Pt tip = foot + dice.in(0.5f, 1.2f) * reach * Pt{bend, -1};
    const Rgb tone = mix(dark, light, dice.in(0, 1.1f));
    cv::line(picture, foot, tip, scalar(tone), dice.chance(0.3) ? 2 : 1, cv::LINE_8);
  }
  return picture;
}

cv::Mat foliage(cv::Size size, Dice& dice) {
  const Rgb dark = mix(green(dice), {8, 14, 6}, 0.75f), light = dice.chance(0.75) ? green(dice) : wood(dice);
  cv::Mat picture(size, CV_32FC3, scalar(dark));
  const float reach = longer(size) * dice.in(0.025f, 0.07f);
  const int leaves = static_cast<int>(5 * static_cast<float>(size.area()) / (reach * reach));
  for (int i = 0; i < leaves; ++i) {
    const Rgb tone = mix(dark, mix(light, {240, 240, 160}, 0.25f),
                         dice.in(0, 0.4f) + 0.6f * static_cast<float>(i) / static_cast<float>(leaves));
    const float x = dice.in(0, static_cast<float>(size.width)), y = dice.in(0, static_cast<float>(size.height));
    const float length = reach * dice.in(0.5f, 1.1f), width = length * dice.in(0.3f, 0.6f);
    cv::ellipse(picture, cv::RotatedRect({x, y}, {length, width}, dice.in(0, 360)), scalar(tone), cv::FILLED,
                cv::LINE_8);
  }
  return picture;
}

cv::Mat stone(cv::Size size, Dice& dice) {
  const float hue = dice.in(20, 50), value = dice.in(0.35f, 0.8f);
  const Rgb light = hsv(hue, dice.in(0.02f, 0.2f), value), dark = mix(light, {20, 20, 22}, dice.in(0.3f, 0.6f));
  const float cell = longer(size) * dice.in(0.05f, 0.3f);
  cv::Mat picture = blend(light, dark, strong_noise(size, {cell, cell}, 7, 1.4f, dice));
  // Cracks: thin bands where another noise crosses its middle.
  const cv::Mat field = noise(size, {0.35f * longer(size), 0.35f * longer(size)}, 5, dice.stream());
  const float band = dice.in(0.002f, 0.006f);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      if (std::abs(field.at<float>(y, x) - 0.5f) < band) picture.at<Rgb>(y, x) *= 0.6f;
    }
  }
  return picture + grain(size, dice.in(2, 14), dice.stream());
}

cv::Mat brick(cv::Size size, Dice& dice) {
  const float hue = dice.in(5, 35), value = dice.in(0.35f, 0.75f);
  const Rgb base = hsv(hue, dice.in(0.1f, 0.65f), value), mortar = mix(base, {190, 185, 178}, dice.in(0.5f, 0.9f));
  cv::Mat picture(size, CV_32FC3, scalar(mortar));
  const int height = std::max(8, static_cast<int>(longer(size) * dice.in(0.04f, 0.1f)));
  const int width = static_cast<int>(static_cast<float>(height) * dice.in(1.6f, 2.8f)), joint = std::max(1, height / 9);
  for (int row = 0, y = 0; y < size.height; ++row, y += height) {
    for (int x = -(row % 2) * width / 2; x < size.width; x += width) {
      const Rgb other = dice.chance(0.5) ? Rgb(30, 20, 20) : Rgb(240, 220, 200);
      const Rgb tone = mix(base, other, dice.in(0, 0.3f));
      cv::rectangle(picture, cv::Rect(x, y, width - joint, height - joint), scalar(tone), cv::FILLED);
    }
  }
  scale_by(picture, noise(size, {24, 24}, 5, dice.stream()) * 0.8 + 0.6);
  return picture;
}

cv::Mat planks(cv::Size size, Dice& dice) {
  const Rgb base = wood(dice), light = mix(base, {240, 215, 170}, 0.4f);
  const cv::Mat rings = noise(size, {0.9f * longer(size), 0.06f * longer(size)}, 5, dice.stream());
  const float lines = dice.in(20, 60);
  cv::Mat waves(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) waves.at<float>(y, x) = 0.5f + 0.5f * std::sin(lines * rings.at<float>(y, x));
  }
  cv::Mat picture = blend(base, light, waves);
  const int height = std::max(12, static_cast<int>(longer(size) * dice.in(0.08f, 0.25f)));
  for (int y = 0; y < size.height; y += height) {
    const cv::Rect plank = cv::Rect(0, y, size.width, height) & cv::Rect({0, 0}, size);
    picture(plank) *= dice.in(0.75f, 1.15f);
    cv::line(picture, {0, y}, {size.width, y}, scalar(0.35f * base), 2);
  }
  if (dice.chance(0.5)) {
    cv::Mat turned;
    cv::resize(picture.t(), turned, size);
    return turned;
  }
  return picture;
}

cv::Mat water(cv::Size size, Dice& dice) {
  const float hue = dice.in(165, 220);
  const Rgb deep = hsv(hue, 0.7f, dice.in(0.2f, 0.5f)), light = hsv(hue, 0.25f, 0.9f);
  const float cell = longer(size) * dice.in(0.08f, 0.2f);
  cv::Mat waves = strong_noise(size, {cell, 0.18f * cell}, 4, 2.0f, dice);
  cv::pow(waves, 1.8, waves);
  return blend(deep, light, waves);
}

cv::Mat cloth(cv::Size size, Dice& dice) {
  const float faded = dice.in(0.25f, 0.7f);
  const Rgb base = mix(paint(dice), {150, 145, 138}, faded);
  const Rgb other = mix(base, dice.chance(0.5) ? paint(dice) : Rgb(255, 255, 255), 0.4f);
  cv::Mat picture(size, CV_32FC3);
  const float period = longer(size) * dice.in(0.02f, 0.15f), thread = dice.in(0.7f, 1.6f);
  const float strength = dice.in(0.3f, 1.0f);
  const bool checks = dice.chance(0.5);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float fx = static_cast<float>(x), fy = static_cast<float>(y);
      const float across = std::sin(6.283f * fx / period) > 0 ? 1.0f : 0.0f;
      const float along = checks && std::sin(6.283f * fy / period) > 0 ? 1.0f : 0.0f;
      const float weave = 1 + 0.08f * std::sin(thread * fx) * std::sin(thread * fy);
      picture.at<Rgb>(y, x) = mix(base, other, strength * 0.5f * (across + along)) * weave;
    }
  }
  scale_by(picture, noise(size, {0.4f * longer(size), 0.2f * longer(size)}, 3, dice.stream()) * 1.0 + 0.45);
  return picture;
}

cv::Mat lights(cv::Size size, Dice& dice) {
  const Rgb a = mix(paint(dice), {20, 25, 30}, 0.6f), b = mix(green(dice), {20, 25, 30}, 0.4f);
  const float cell = 0.5f * longer(size);
  cv::Mat picture = blend(a, b, strong_noise(size, {cell, cell}, 2, 2.0f, dice));
  const int count = dice.count(10, 60);
  for (int i = 0; i < count; ++i) {
    const float x = dice.in(0, static_cast<float>(size.width)), y = dice.in(0, static_cast<float>(size.height));
    const float radius = longer(size) * dice.in(0.01f, 0.07f);
    const Rgb lamp = dice.chance(0.5) ? a : paint(dice);
    const Rgb tone = mix(lamp, {255, 245, 210}, dice.in(0.1f, 0.7f));
    cv::Mat layer = picture.clone();
    cv::circle(layer, Pt(x, y), static_cast<int>(radius), scalar(tone), cv::FILLED, cv::LINE_AA);
    const float opacity = dice.in(0.15f, 0.6f);
    cv::addWeighted(layer, opacity, picture, 1 - opacity, 0, picture);
  }
  const double sigma = 0.006 * longer(size);
  cv::GaussianBlur(picture, picture, {0, 0}, sigma);
  return picture;
}

cv::Mat wall(cv::Size size, Dice& dice) {
  const float hue = dice.in(0, 360), saturation = dice.in(0, 0.35f);
  const Rgb base = hsv(hue, saturation, dice.in(0.35f, 0.95f));
  const Rgb end = dice.chance(0.5) ? Rgb(255, 255, 255) : Rgb(25, 25, 30);
  const Rgb other = mix(base, end, dice.in(0.1f, 0.4f));
  cv::Mat picture = blend(base, other, strong_noise(size, {longer(size), longer(size)}, 3, 2.0f, dice));
  if (dice.chance(0.7)) {  // a floor
    const int horizon = static_cast<int>(static_cast<float>(size.height) * dice.in(0.55f, 0.9f));
    const cv::Rect floor(0, horizon, size.width, size.height - horizon);
    cv::Mat boards = dice.chance(0.5) ? planks(size, dice) : stone(size, dice);
    boards(floor).copyTo(picture(floor));
    cv::line(picture, {0, horizon}, {size.width, horizon}, scalar(0.6f * other), 2);
  }
  return picture;
}

}  // namespace

cv::Mat ground(cv::Size size, bool outdoors, Dice& dice) {
  using Maker = cv::Mat (*)(cv::Size, Dice&);
  static constexpr std::array<Maker, 10> kMakers = {sky,    grass, foliage, stone,  brick,
                                                    planks, water, cloth,   lights, wall};
  const Maker any = kMakers[dice.count(0, static_cast<int>(kMakers.size()) - 1)];
  cv::Mat picture = outdoors && dice.chance(0.4) ? sky(size, dice) : any(size, dice);
  // Uneven light over all of it.
  scale_by(picture, noise(size, {0.8f * longer(size), 0.8f * longer(size)}, 2, dice.stream()) * 0.6 + 0.7);
  const float sigma = dice.in(-0.6f, 2.2f) * longer(size) / 512;  // up to 0.3: in focus
  if (sigma > 0.3f) cv::GaussianBlur(picture, picture, {0, 0}, sigma);
  return picture;
}

void add_distractors(cv::Mat& picture, const std::vector<Rgb>& colors, Dice& dice) {
  const float side = longer(picture.size());
  const auto anywhere = [&] {
    return Pt{dice.in(-0.1f, 1.1f) * static_cast<float>(picture.cols),
              dice.in(-0.1f, 1.1f) * static_cast<float>(picture.rows)};
  };
  const auto any_color = [&] {
    if (dice.chance(0.5)) return colors[dice.count(0, static_cast<int>(colors.size()) - 1)];
    const int row = dice.count(0, picture.rows - 1);
    return picture.at<Rgb>(row, dice.count(0, picture.cols - 1));
  };
  cv::Mat layer = picture.clone();
  for (int i = dice.count(0, 5); i > 0; --i) {
    const Rgb color = mix(any_color(), {128, 128, 128}, 0.2f);
    if (dice.chance(0.5)) {
      const Path curve = spline({anywhere(), anywhere(), anywhere()}, 24);
      const int thickness = std::max(1, static_cast<int>(side * dice.in(0.002f, 0.02f)));
      for (size_t p = 0; p + 1 < curve.size(); ++p) {
        cv::line(layer, curve[p], curve[p + 1], scalar(color), thickness, cv::LINE_8);
      }
    } else {
      const Pt at = anywhere();
      const float length = side * dice.in(0.05f, 0.3f), width = length * dice.in(0.3f, 1.0f);
      cv::ellipse(layer, cv::RotatedRect(at, {length, width}, dice.in(0, 360)), scalar(color), cv::FILLED, cv::LINE_8);
    }
  }
  const float sigma = side / 512 * dice.in(2.0f, 7.0f), opacity = dice.in(0.35f, 0.85f);
  cv::GaussianBlur(layer, layer, {0, 0}, sigma);
  // Areas in which nothing was drawn keep the ground's sharpness.
  cv::Mat before;
  cv::GaussianBlur(picture, before, {0, 0}, sigma);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x)
      picture.at<Rgb>(y, x) += opacity * (layer.at<Rgb>(y, x) - before.at<Rgb>(y, x));
  }
}

}  // namespace hqsam::synth
