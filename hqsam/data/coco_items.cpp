// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coco_items.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/mask/segmentation.h"

namespace hqsam {
namespace {

using nlohmann::json;

std::optional<bool> crowd_of(const json& item) {
  const auto at = item.find("iscrowd");
  if (at == item.end() || at->is_null()) return false;
  if (at->is_boolean()) return at->get<bool>();
  if (const auto number = number_in_json(*at)) return *number != 0;
  if (!at->is_string()) return std::nullopt;
  const std::string text = lower_case(at->get_ref<const std::string&>());
  if (text.empty() || text == "false" || text == "no") return false;
  if (text == "true" || text == "yes") return true;
  return std::nullopt;
}

// Describes what the item has instead of a mask.
std::string without_mask(const json& item) {
  const auto holds = [&](const char* key) {
    const auto at = item.find(key);
    return at != item.end() && !at->is_null() && !(at->is_array() && at->empty());
  };
  if (holds("segments_info")) return "panoptic (segments_info), no segmentation";
  if (holds("caption")) return "a caption, no segmentation";
  if (holds("keypoints")) return "keypoints, no segmentation";
  if (holds("bbox")) return "a box, no segmentation";
  return "no segmentation";
}

}  // namespace

std::optional<std::string> coco_id(const json& item, const char* key) {
  const auto at = item.find(key);
  if (at == item.end()) return std::nullopt;
  if (at->is_string()) return at->get<std::string>();
  if (at->is_number_unsigned()) return std::to_string(at->get<uint64_t>());
  if (at->is_number_integer()) return std::to_string(at->get<int64_t>());
  if (!at->is_number()) return std::nullopt;
  const auto number = at->get<double>();
  constexpr double kWhole = 9.2e18;  // fits in an int64
  if (std::floor(number) == number && std::abs(number) < kWhole) return std::to_string(static_cast<int64_t>(number));
  return fmt::format("{}", number);
}

std::optional<int64_t> coco_whole_id(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Size coco_size(const json& item) {
  int64_t sides[2] = {0, 0};
  for (size_t i = 0; i < 2; ++i) {
    const auto at = item.find(i == 0 ? "height" : "width");
    const auto side = at == item.end() ? std::nullopt : number_in_json(*at);
    const bool sane = side && *side >= 1 && *side <= static_cast<double>(kMaxRlePixels) && std::floor(*side) == *side;
    if (!sane) return {};
    sides[i] = static_cast<int64_t>(*side);
  }
  return {sides[0], sides[1]};
}

std::string segmentation_fault(const json& segmentation, const json& item) {
  if (segmentation.is_null() || (segmentation.is_array() && segmentation.empty())) return without_mask(item);
  try {
    check_segmentation(segmentation);
    return "";
  } catch (const Error& error) {
    const std::string_view message = error.what();
    const size_t begin = message.find("] ") + 2;  // behind "[function] "
    return std::string(message.substr(begin, message.find(": ", begin) - begin));
  }
}

void CocoCategories::list(const json& item) {
  const auto id = item.is_object() ? coco_id(item, "id") : std::nullopt;
  if (!id) return;
  Category& category = categories_[static_cast<size_t>(position(*id))];
  category.listed = any_listed_ = true;
  const auto text = [&](const char* key) {
    const auto at = item.find(key);
    return at != item.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  category.name = text("name");
  const std::string frequency = text("frequency");
  if (frequency == "r" || frequency == "c" || frequency == "f") category.frequency = frequency.front();
}

int64_t CocoCategories::position(const json& item, const char* key) {
  const auto id = coco_id(item, key);
  return id ? position(*id) : kNone;
}

int64_t CocoCategories::position(const std::string& id) {
  const auto [at, added] = by_id_.emplace(id, static_cast<int64_t>(categories_.size()));
  if (added) categories_.emplace_back().id = id;
  return at->second;
}

void CocoCategories::settle() {
  int64_t largest = 0;
  for (Category& category : categories_) {
    const auto number = coco_whole_id(category.id);
    if (number && *number < INT64_MAX / 2) largest = std::max(largest, *number);
  }
  for (Category& category : categories_) {
    const auto number = coco_whole_id(category.id);
    category.number = number ? *number : ++largest;
  }
}

const CocoCategories::Category* CocoCategories::of(int64_t position) const {
  if (position < 0) return &none_;
  const Category& category = categories_[static_cast<size_t>(position)];
  return any_listed_ && !category.listed ? nullptr : &category;
}

std::optional<MaskInfo> coco_mask_info(const json& item, CocoCategories& categories) {
  const auto crowd = crowd_of(item);
  if (!crowd) return std::nullopt;
  MaskInfo info;
  info.category = categories.position(item, "category_id");
  info.crowd = *crowd;
  const auto area = item.find("area");
  if (area != item.end()) info.area = std::max(-1.0, number_in_json(*area).value_or(-1));
  return info;
}

}  // namespace hqsam
