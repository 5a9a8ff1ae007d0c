// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hqsam/mask/packed.h"

namespace hqsam {

// An object that somebody marked in a picture.
struct AnnotationObject {
  int64_t id = 0;                                    // 1, 2, ..., chosen by the page
  std::string category;                              // a class; "": none
  std::string rle;                                   // COCO's string of the mask's runs
  int64_t area = 0;                                  // pixels
  std::array<int64_t, 4> box = {};                   // x0 y0 x1 y1 of the mask; x1, y1 are behind the last pixel
  nlohmann::json prompts = nlohmann::json::array();  // as the page sent them
  std::string kind;                                  // sam, hq or sum: of the model's masks
  std::string source;                                // prompt, brush, proposal or previous
  int64_t clicks = 0;
  double seconds = 0;                   // from the first click to the last
  bool edited = false;                  // by hand
  std::string fingerprint, checkpoint;  // of the model that helped

  void set_mask(const PackedMask& mask);
  PackedMask mask(Size size) const;
};

// What is known of a picture.
struct PictureRecord {
  std::string name, stem;
  Size size;  // upright
  bool done = false;
  std::string split;  // train or valid, from the first time that it is done, for good
  int64_t revision = 0;
  int64_t next_id = 1;                    // above all numbers that objects had
  std::vector<AnnotationObject> objects;  // in order of their numbers

  const AnnotationObject* find(int64_t id) const;
  std::string state() const { return done ? "done" : "todo"; }
};

// annotations/STEM.json.
std::string annotation_json(const PictureRecord& record);
// Throws Error for what is none. Masks are those of the size that the JSON states.
PictureRecord annotation_of_json(const std::string& what, std::string_view text);

}  // namespace hqsam
