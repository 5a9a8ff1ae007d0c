// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/place_prompt.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/orientation.h"
#include "hqsam/predict/mask_prompt_file.h"

namespace hqsam {
namespace {

constexpr const char* kPredict = "predict";

const char* form_of(BoxForm form) {
  switch (form) {
    case BoxForm::kCorners:
      return "x0,y0,x1,y1";
    case BoxForm::kCornerAndSize:
      return "x,y,width,height";
    case BoxForm::kCentre:
      return "centre x,centre y,width,height in shares of the picture";
  }
  return "";
}

std::string words_of(const StatedBox& box) {
  return fmt::format("the box {} ({})", fmt::join(box.numbers, ","), form_of(box.form));
}

Box corners_of(const StatedBox& box, Size size) {
  const auto [a, b, c, d] = box.numbers;
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  switch (box.form) {
    case BoxForm::kCorners:
      return {a, b, c, d};
    case BoxForm::kCornerAndSize:
      return {a, b, a + c, b + d};
    case BoxForm::kCentre:
      return {(a - c / 2) * width, (b - d / 2) * height, (a + c / 2) * width, (b + d / 2) * height};
  }
  return {};
}

// Refuses numbers that do not fit the file's form.
void check_form(const StatedBox& box, const Box& corners, Size size) {
  const auto& n = box.numbers;
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  if (box.form == BoxForm::kCentre) {
    constexpr double kMost = 1.01;  // allows for rounding
    const bool shares =
        std::all_of(n.begin(), n.end(), [](double share) { return share >= 1 - kMost && share <= kMost; });
    if (!shares) fail(kPredict, "{} has numbers outside of 0 to 1: are they pixels?", words_of(box));
    return;
  }
  const bool tiny = std::all_of(n.begin(), n.end(), [](double number) { return number >= 0 && number <= 1; });
  if (tiny && width > 2 && height > 2) {
    fail(kPredict, "{} lies within one pixel of {}x{}: give pixels, not shares of the picture", words_of(box),
         size.width, size.height);
  }
  if (box.form != BoxForm::kCornerAndSize) return;
  constexpr double kReach = 0.1;  // of a side; detectors' boxes extend outside by less
  const bool outside = corners.x1 > (1 + kReach) * width || corners.y1 > (1 + kReach) * height;
  const bool as_corners = n[0] >= 0 && n[1] >= 0 && n[2] > n[0] && n[3] > n[1] && n[2] <= width && n[3] <= height;
  if (outside && as_corners) {
    fail(kPredict, "{} ends at {},{}, outside of {}x{}, and would fit as x0,y0,x1,y1: which is it?", words_of(box),
         corners.x1, corners.y1, size.width, size.height);
  }
}

void check_points(const StatedPrompt& stated, Size size) {
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  bool shares = false, within_a_pixel = width > 2 && height > 2;
  for (const Point& point : stated.points) {
    if (!(point.x >= 0 && point.y >= 0 && point.x < width && point.y < height)) {
      fail(kPredict, "the point {},{} lies outside of {}x{} pixels", point.x, point.y, size.width, size.height);
    }
    within_a_pixel = within_a_pixel && point.x <= 1 && point.y <= 1;
    shares = shares || std::floor(point.x) != point.x || std::floor(point.y) != point.y;
  }
  if (!within_a_pixel || !shares) return;
  fail(kPredict, "the point {},{} lies within the first pixel of {}x{}: give pixels, not shares of the picture",
       stated.points.front().x, stated.points.front().y, size.width, size.height);
}

class Placer {
 public:
  Placer(const PictureFrame& picture, bool stored_frame, int64_t image_size, int64_t mask_input_size)
      : picture_(picture),
        stated_size_(stored_frame ? picture.stored() : picture.size),
        turn_(stored_frame ? picture.orientation : 1),
        image_size_(image_size),
        mask_input_size_(mask_input_size) {}

  PlacedPrompt place(const StatedPrompt& stated, size_t number) const {
    if (!stated.error.empty()) throw Error(stated.error);
    PlacedPrompt placed;
    placed.number = number;
    placed.prompt.point_labels = stated.point_labels;
    if (stated.box) {
      const Box box = place_box(*stated.box, stated_size_);
      const Box whole = corners_of(*stated.box, stated_size_);
      constexpr double kRounding = 1e-6;  // pixels, of shares
      placed.cut = box.x0 - whole.x0 > kRounding || box.y0 - whole.y0 > kRounding || whole.x1 - box.x1 > kRounding ||
                   whole.y1 - box.y1 > kRounding;
      placed.prompt.box = turn_ == 1 ? box : upright(box, stated_size_, turn_);
    }
    check_points(stated, stated_size_);
    for (const Point& point : stated.points) placed.prompt.points.push_back(turned(point));
    if (!stated.mask.empty()) {
      placed.prompt.mask_input = read_mask_prompt(stated.mask, picture_, image_size_, mask_input_size_);
    }
    return placed;
  }

 private:
  Point turned(const Point& point) const {
    if (turn_ == 1) return point;
    const Box spot = upright(Box{point.x, point.y, point.x, point.y}, stated_size_, turn_);
    return {std::min(spot.x0, static_cast<double>(picture_.size.width) - 1),
            std::min(spot.y0, static_cast<double>(picture_.size.height) - 1)};
  }

  const PictureFrame& picture_;
  Size stated_size_;
  int turn_;
  int64_t image_size_, mask_input_size_;
};

// Whether the file's prompts are in the frame of the stored pixels.
bool in_stored_frame(const StatedPrompts& stated, const PictureFrame& picture) {
  if (!stated.frame || *stated.frame == picture.size) return false;
  if (*stated.frame == picture.stored()) return true;
  fail(kPredict, "its prompts were made on {}x{} pixels, the picture has {}x{}", stated.frame->width,
       stated.frame->height, picture.size.width, picture.size.height);
}

}  // namespace

Size PictureFrame::stored() const {
  return turns_sideways(orientation) ? Size{.height = size.width, .width = size.height} : size;
}

Box place_box(const StatedBox& box, Size size) {
  const Box corners = corners_of(box, size);
  if (!std::isfinite(corners.x0 + corners.y0 + corners.x1 + corners.y1)) {
    fail(kPredict, "{} has numbers that are not finite", words_of(box));
  }
  if (corners.x1 <= corners.x0 || corners.y1 <= corners.y0) fail(kPredict, "{} has no area", words_of(box));
  check_form(box, corners, size);
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  const Box cut = {std::clamp(corners.x0, 0.0, width), std::clamp(corners.y0, 0.0, height),
                   std::clamp(corners.x1, 0.0, width), std::clamp(corners.y1, 0.0, height)};
  if (cut.x1 <= cut.x0 || cut.y1 <= cut.y0) {
    fail(kPredict, "{} lies outside of {}x{} pixels", words_of(box), size.width, size.height);
  }
  return cut;
}

PlacedPrompts place_prompts(const StatedPrompts& stated, const PictureFrame& picture, int64_t image_size,
                            int64_t mask_input_size) {
  if (!stated.error.empty()) throw Error(stated.error);
  const Placer placer(picture, in_stored_frame(stated, picture), image_size, mask_input_size);
  PlacedPrompts result;
  for (size_t i = 0; i < stated.prompts.size(); ++i) {
    try {
      result.placed.push_back(placer.place(stated.prompts[i], i));
    } catch (const Error& error) {
      result.failed.push_back({i, reason_of(error.what())});
    }
  }
  if (!result.placed.empty()) return result;
  if (result.failed.empty()) fail(kPredict, "there are no prompts");
  if (result.failed.size() == 1) fail(kPredict, "{}", result.failed.front().reason);
  fail(kPredict, "none of its {} prompts can be used; the first: {}", result.failed.size(),
       result.failed.front().reason);
}

}  // namespace hqsam
