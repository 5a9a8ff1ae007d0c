// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/picture_bytes.h"

#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"

namespace hqsam {

std::shared_ptr<const HttpResponse> PictureBytes::of(const ListedPicture& picture) {
  constexpr int64_t kMostOfPng = 1'000'000;
  {
    const std::lock_guard lock(mutex_);
    if (const auto* kept = kept_.find(picture.name)) return *kept;
  }
  const Image image = read_image(picture.path);
  const bool png = lower_case(picture.path.extension().string()) == ".png" && image.height * image.width <= kMostOfPng;
  auto made = std::make_shared<const HttpResponse>(
      HttpResponse{.type = png ? "image/png" : "image/jpeg", .body = encode_image(image, png ? ".png" : ".jpg")});
  const std::lock_guard lock(mutex_);
  kept_.put(picture.name, made);
  return made;
}

}  // namespace hqsam
