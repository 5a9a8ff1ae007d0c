// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/picture_bytes.h"

#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"

namespace hqsam {

std::shared_ptr<const HttpResponse> PictureBytes::of(const ListedPicture& picture) {
  constexpr int64_t kMostOfPng = 1'000'000;
  const auto find = [&] {
    const std::lock_guard lock(mutex_);
    for (auto at = kept_.begin(); at != kept_.end(); ++at) {
      if (at->first != picture.name) continue;
      kept_.splice(kept_.begin(), kept_, at);
      return at->second;
    }
    return std::shared_ptr<const HttpResponse>();
  };
  if (auto found = find()) return found;
  const Image image = read_image(picture.path);
  const bool png = lower_case(picture.path.extension().string()) == ".png" && image.height * image.width <= kMostOfPng;
  auto made = std::make_shared<const HttpResponse>(
      HttpResponse{.type = png ? "image/png" : "image/jpeg", .body = encode_image(image, png ? ".png" : ".jpg")});
  const std::lock_guard lock(mutex_);
  kept_.emplace_front(picture.name, made);
  if (kept_.size() > kKept) kept_.pop_back();
  return made;
}

}  // namespace hqsam
