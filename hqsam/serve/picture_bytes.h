// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "hqsam/serve/http.h"
#include "hqsam/serve/picture_list.h"
#include "hqsam/serve/recently_used.h"

namespace hqsam {

// Encoded pictures for the page; the last few stay in memory.
class PictureBytes {
 public:
  // A JPEG (quality 92), or a PNG where the file is one of at most a million pixels. Throws Error as read_image.
  std::shared_ptr<const HttpResponse> of(const ListedPicture& picture);

 private:
  std::mutex mutex_;
  RecentlyUsed<std::string, std::shared_ptr<const HttpResponse>> kept_{4};
};

}  // namespace hqsam
