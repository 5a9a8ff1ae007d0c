// SPDX-License-Identifier: Apache-2.0
#include "predict_overlay.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/resize.h"

namespace hqsam {
namespace {

constexpr int64_t kMostHeight = 640, kMostWidth = 4096;  // pixels of one of the three pictures

Image scaled(const Image& picture) {
  const auto scale_to = [](int64_t most, int64_t side) {
    return static_cast<double>(most) / static_cast<double>(side);
  };
  const double scale = std::min(scale_to(kMostHeight, picture.height), scale_to(kMostWidth, picture.width));
  if (scale >= 1) return picture;
  const auto side = [&](int64_t length, int64_t most) {
    return std::clamp<int64_t>(std::lround(static_cast<double>(length) * scale), 1, most);
  };
  return resize_antialiased(picture, {side(picture.height, kMostHeight), side(picture.width, kMostWidth)});
}

}  // namespace

Overlay::Overlay(const Image& picture, size_t prompts)
    : prompts_(prompts), shown_(std::min(prompts, kMostPrompts)), picture_(scaled(picture)) {
  scale_x_ = static_cast<double>(picture_.width) / static_cast<double>(picture.width);
  scale_y_ = static_cast<double>(picture_.height) / static_cast<double>(picture.height);
  sam_ = picture_;
  hq_ = picture_;
}

void Overlay::write(const std::filesystem::path& path, bool with_hq) {
  const std::string some = shown_ < prompts_ ? fmt::format(" ({} of {})", shown_, prompts_) : "";
  std::vector<Panel> panels = {{std::move(picture_), "prompt" + some}, {std::move(sam_), "SAM" + some}};
  if (with_hq) panels.push_back({std::move(hq_), "HQ-SAM" + some});
  write_image(path, side_by_side(panels));
}

}  // namespace hqsam
