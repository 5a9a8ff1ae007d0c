// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/mask_prompt_file.h"

#include <algorithm>
#include <array>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/image/formats.h"
#include "hqsam/image/image.h"
#include "hqsam/image/orientation.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

constexpr const char* kMask = "mask prompt";
constexpr size_t kShown = 8;  // values in a message

// "0, 3, 7 and more"
template <class Set>
std::string listed(const Set& values) {
  std::vector<typename Set::value_type> few(values.begin(), values.end());
  const bool more = few.size() > kShown;
  few.resize(std::min(few.size(), kShown));
  return fmt::format("{}{}", fmt::join(few, ", "), more ? " and more" : "");
}

size_t pixels_of(const Raster& raster) { return static_cast<size_t>(raster.height * raster.width); }

std::string hex_of(const std::array<uint8_t, 3>& colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2]);
}

// The samples of one channel as numbers: palettes through their colours, equal channels as one.
std::vector<float> gray_of(const Raster& raster, const std::string& name) {
  const size_t pixels = pixels_of(raster), channels = static_cast<size_t>(raster.channels);
  const size_t colours = channels - (raster.alpha ? 1 : 0);
  if (colours != 1 && colours != 3) fail(kMask, "{} has {} channels, a mask has one", name, colours);
  std::vector<float> gray(pixels);
  std::set<std::string> found;
  std::set<double> opacities;
  for (size_t i = 0; i < pixels; ++i) {
    gray[i] = static_cast<float>(sample(raster, i * channels));
    if (raster.alpha && opacities.size() <= kShown) opacities.insert(sample(raster, i * channels + channels - 1));
    if (found.size() > kShown) continue;
    if (!raster.palette.empty()) {
      const auto index = static_cast<size_t>(std::max(0.0F, gray[i]));
      if (index >= raster.palette.size()) fail(kMask, "{} has the index {} past its palette's end", name, index);
      const auto& colour = raster.palette[index];
      if (colour[0] != colour[1] || colour[0] != colour[2]) found.insert(hex_of(colour));
      gray[i] = colour[0];
    } else if (colours == 3) {
      const double green = sample(raster, i * channels + 1), blue = sample(raster, i * channels + 2);
      if (gray[i] != green || gray[i] != blue) found.insert(fmt::format("({} {} {})", gray[i], green, blue));
    }
  }
  if (!found.empty()) {
    fail(kMask, "{} has colours: {}; give a mask of one object in gray, 0 and 255", name, listed(found));
  }
  if (opacities.size() > 1) {
    fail(kMask, "{} has an opacity channel of values {}; give the mask itself in gray, 0 and 255", name,
         listed(opacities));
  }
  return gray;
}

// The value that becomes 255, by the type of the samples and the highest of them.
double white_of(const Raster& raster, double highest) {
  if (std::holds_alternative<std::vector<float>>(raster.samples)) return highest <= 1 ? 1 : 255;
  return highest > 255 ? 65535 : 255;
}

// Whether the values between 0 and the highest are the edges of one mask: fewer than those at the highest, and none of
// them so frequent that it is a label.
bool is_soft_edge(const std::array<int64_t, 256>& count) {
  int64_t top = 255;
  while (count[top] == 0) --top;
  int64_t between = 0, most = 0;
  for (int64_t level = 1; level < top; ++level) {
    between += count[level];
    most = std::max(most, count[level]);
  }
  const int64_t inside = between + count[top];
  return between <= count[top] && most <= std::max<int64_t>(16, inside / 10);
}

torch::Tensor read_logits(const std::filesystem::path& path, int64_t side) {
  const torch::Tensor logits = read_safetensors(path).at("low_res_logits");
  if (logits.numel() != side * side || logits.dim() < 2 || logits.size(-1) != side || logits.size(-2) != side) {
    fail(kMask, "{}: low_res_logits has shape [{}], this model takes one mask [1,{},{}]", path.string(),
         fmt::join(logits.sizes(), ","), side, side);
  }
  return logits.to(torch::kFloat).reshape({1, side, side});
}

// The turn, as an EXIF orientation, that brings a mask of these stored pixels to the picture's frame.
int turn_of(Size stored, int own_orientation, const PictureFrame& picture, const std::string& name) {
  if (upright_size(stored, own_orientation) == picture.size) return own_orientation;
  if (stored == picture.stored()) return picture.orientation;
  fail(kMask, "{} has {}x{} pixels, the picture {}x{}: they must be equal", name, stored.width, stored.height,
       picture.size.width, picture.size.height);
}

}  // namespace

Mask mask_of_raster(const Raster& raster, const std::string& name, bool lossy, bool* one_bit) {
  const std::vector<float> gray = gray_of(raster, name);
  std::set<double> values;
  double highest = 0;
  for (const double value : gray) {
    highest = std::max(highest, value);
    if (values.size() <= kShown) values.insert(value);
    if (!(value >= 0 && value <= 65535)) fail(kMask, "{} has the value {}; a mask has 0 to 65535", name, value);
  }
  const bool ones = highest == 1 && values.size() <= 2 && white_of(raster, highest) != 1;
  if (one_bit != nullptr) *one_bit = ones;
  const double scale = 255 / (ones ? 1 : white_of(raster, highest));
  Mask mask(raster.height, raster.width);
  std::array<int64_t, 256> count = {};
  bool any = false;
  for (size_t i = 0; i < gray.size(); ++i) {
    const double level = gray[i] * scale;
    mask.pixels[i] = level > 128;
    any = any || level > 128;
    constexpr double kNoise = 20;  // a JPEG's around 0 and 255
    const double clean = lossy && level < kNoise ? 0 : lossy && level > 255 - kNoise ? 255 : level;
    ++count[static_cast<size_t>(clean)];
  }
  if (!any) fail(kMask, "{} has no inside: no pixel is above 128, the values are {}", name, listed(values));
  if (!is_soft_edge(count)) {
    fail(kMask, "{} holds the values {}, several labels and no soft edge; give one object in 0 and 255", name,
         listed(values));
  }
  return mask;
}

torch::Tensor read_mask_prompt(const std::filesystem::path& path, const PictureFrame& picture, int64_t image_size,
                               int64_t mask_input_size) {
  if (path.extension() == ".safetensors") return read_logits(path, mask_input_size);
  const FileBytes file(path);
  const std::string name = path.string();
  const Raster raster = decode_raster(file.bytes(), name);
  const int turn = turn_of(raster.size(), raster.orientation, picture, name);
  bool one_bit = false;
  const Mask mask = mask_of_raster(raster, name, is_jpeg(file.bytes()), &one_bit);
  if (one_bit) spdlog::warn("{} holds 0 and 1; read as 0 and 255", name);
  return mask_prompt(turn == 1 ? mask : upright(mask, turn), image_size, mask_input_size);
}

}  // namespace hqsam
