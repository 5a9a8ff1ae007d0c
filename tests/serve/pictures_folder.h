// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "errors.h"
#include "hqsam/image/codec.h"
#include "hqsam/serve/annotation_folder.h"
#include "hqsam/serve/picture_list.h"
#include "predict/tiny_model.h"
#include "temporary_folder.h"

namespace hqsam::testing_support {

// A folder with pictures of 48 x 40 pixels, and one for annotations.
struct PicturesFolder {
  explicit PicturesFolder(const std::vector<std::string>& names = {"a.png", "b.png", "c.png"}) {
    for (const std::string& name : names) {
      std::filesystem::create_directories((images / name).parent_path());
      write_image(images / name, waves(40, 48, static_cast<int>(name.size()) + name.front()));
    }
    list = list_pictures_to_annotate(images, output).pictures;
  }

  TemporaryFolder folder;
  std::filesystem::path images = folder.path / "pictures", output = folder.path / "out";
  std::vector<ListedPicture> list;
};

inline Mask square_mask(int64_t left, int64_t top, int64_t side) {
  Mask mask(40, 48);
  for (int64_t y = top; y < top + side; ++y) {
    for (int64_t x = left; x < left + side; ++x) mask.at(y, x) = 1;
  }
  return mask;
}

inline AnnotationObject square_object(int64_t id, int64_t left, const std::string& category = "") {
  AnnotationObject object{.id = id, .category = category, .kind = "sum", .source = "prompt", .clicks = 2};
  object.seconds = 1.5;
  object.set_mask(pack_tightly(square_mask(left, 5, 10)));
  return object;
}

}  // namespace hqsam::testing_support
