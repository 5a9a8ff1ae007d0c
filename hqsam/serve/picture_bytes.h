// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "hqsam/serve/http.h"
#include "hqsam/serve/picture_list.h"

namespace hqsam {

// Encoded pictures for the page; the last few stay in memory.
class PictureBytes {
 public:
  // A JPEG (quality 92), or a PNG where the file is one of at most a million pixels. Throws Error as read_image.
  std::shared_ptr<const HttpResponse> of(const ListedPicture& picture);

 private:
  static constexpr size_t kKept = 4;
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<const HttpResponse>>> kept_;  // the last used first
};

}  // namespace hqsam
