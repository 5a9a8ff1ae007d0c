// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "hqsam/core/random.h"

// How synthetic things are described: lists of strokes and filled polygons in units of their own, about
// two units across. The renderer fits them into a picture.
namespace hqsam::synth {

using Pt = cv::Point2f;
using Path = std::vector<Pt>;
using Rgb = cv::Vec3f;  // 0..255

struct Primitive {
  Path points;
  bool filled = false;             // polygon or stroke
  float width = 0, end_width = 0;  // strokes: from the first to the last point
  Rgb color;
  float gloss = 0;  // strokes: how bright the highlight of a tube is, 0..1
};

struct Drawing {
  std::string kind;
  std::vector<Primitive> primitives;

  void stroke(Path points, float width, Rgb color, float gloss = 0.4f);
  void taper(Path points, float width, float end_width, Rgb color, float gloss = 0.2f);
  void fill(Path points, Rgb color);
  void disc(Pt center, float radius, Rgb color);
  void ring(Pt center, float radius, float width, Rgb color, float gloss = 0.4f);
};

// A stream with shorthands. No expression may hold two draws unless braces or commas order them: compilers
// differ in the order of arguments and operands.
class Dice {
 public:
  explicit Dice(RandomStream& stream) : stream_(stream) {}
  float in(float low, float high) { return static_cast<float>(stream_.uniform(low, high)); }
  int count(int low, int high) { return low + static_cast<int>(stream_.below(high - low + 1)); }
  bool chance(double p) { return stream_.uniform() < p; }
  float sign() { return chance(0.5) ? 1.0f : -1.0f; }
  RandomStream& stream() { return stream_; }

 private:
  RandomStream& stream_;
};

Pt polar(float radius, float angle);
Pt rotate(Pt point, float angle);
Pt lerp(Pt a, Pt b, float t);
// A Catmull-Rom curve through the points.
Path spline(const Path& through, int steps = 10);
// An arc of an ellipse, angles in radians.
Path arc(Pt center, float rx, float ry, float from, float to);
Path moved(Path path, Pt offset, float angle = 0, float scale = 1);

Rgb mix(const Rgb& a, const Rgb& b, float t);
Rgb hsv(float hue, float saturation, float value);  // hue in degrees, others 0..1
Rgb paint(Dice& dice);                              // any strong colour
Rgb metal(Dice& dice);                              // grays, black, brass, rust
Rgb wood(Dice& dice);
Rgb green(Dice& dice);

}  // namespace hqsam::synth
