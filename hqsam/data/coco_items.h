// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hqsam/data/dataset.h"

namespace hqsam {

// What COCO's JSON and YouTube-VIS's have in common, read as files have it.

// An id as text, the same for 1, 1.0 and "1"; nothing where it is missing or neither a number nor a text.
std::optional<std::string> coco_id(const nlohmann::json& item, const char* key);

// The number of an id that is a whole one.
std::optional<int64_t> coco_whole_id(const std::string& id);

// height and width where they are whole numbers of at least 1, also as 480.0 or "480"; else 0 x 0: not stated.
Size coco_size(const nlohmann::json& item);

// Why a mask cannot be used: "" where it can; `item` says what there is instead. Draws nothing.
std::string segmentation_fault(const nlohmann::json& segmentation, const nlohmann::json& item);

// Categories by their ids, listed or not. A whole id is the category's number; other ids get numbers above those, in
// the order in which the file mentions them.
class CocoCategories {
 public:
  static constexpr int64_t kNone = -1;  // the number of masks whose category is null

  struct Category {
    std::string id, name;
    bool listed = false;
    char frequency = 0;  // LVIS's
    int64_t number = kNone;
  };

  // item: of 'categories'. What has no id is passed over.
  void list(const nlohmann::json& item);
  // A position for `of`, which is valid at once; negative where the item has no category.
  int64_t position(const nlohmann::json& item, const char* key);
  int64_t position(const std::string& id);
  // Numbers all; call it when all is read.
  void settle();
  // Nothing where the file lists categories and not this one.
  const Category* of(int64_t position) const;

 private:
  std::vector<Category> categories_;
  std::unordered_map<std::string, int64_t> by_id_;
  Category none_;
  bool any_listed_ = false;
};

// category_id (a position, see CocoCategories), iscrowd and area of an annotation. Nothing where iscrowd is odd.
std::optional<MaskInfo> coco_mask_info(const nlohmann::json& item, CocoCategories& categories);

}  // namespace hqsam
