// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hqsam/image/image.h"

namespace hqsam {

// One picture with all its masks.
struct Sample {
  std::string set;   // name of the data set
  std::string name;  // file stem
  std::string image_path;
  Image image;                  // RGB
  std::vector<Image> labels;    // gray 0..255 of the picture's size, one per mask; > 128 is inside
  int64_t zero_one_labels = 0;  // how many of them are 0/1 in the file and were scaled to 0/255
};

// size() samples; get(i) is safe to call from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual Sample get(int64_t index) const = 0;        // throws Error naming the file
  virtual std::string path(int64_t index) const = 0;  // the picture's, for messages and fingerprints
};

}  // namespace hqsam
