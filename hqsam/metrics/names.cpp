// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/names.h"

#include <array>
#include <tuple>

namespace hqsam {
namespace {

struct Known {
  std::string_view name, title;
};

// Without the suffix "_strict", in the order to show them.
constexpr auto kKnown = std::to_array<Known>({
    {"miou", "mIoU"},
    {"mbiou", "mBIoU"},
    {"ap", "AP"},
    {"ap50", "AP50"},
    {"ap75", "AP75"},
    {"ap_s", "AP, small"},
    {"ap_m", "AP, medium"},
    {"ap_l", "AP, large"},
    {"ap_r", "AP, rare"},
    {"ap_c", "AP, common"},
    {"ap_f", "AP, frequent"},
    {"ap_b", "AP_B"},
    {"ap_b50", "AP_B50"},
    {"ap_b75", "AP_B75"},
    {"ap_b_s", "AP_B, small"},
    {"ap_b_m", "AP_B, medium"},
    {"ap_b_l", "AP_B, large"},
    {"ap_b_r", "AP_B, rare"},
    {"ap_b_c", "AP_B, common"},
    {"ap_b_f", "AP_B, frequent"},
    {"ar", "AR"},
    {"ar1", "AR, 1 a picture"},
    {"ar10", "AR, 10 a picture"},
    {"ar100", "AR, 100 a picture"},
    {"ar1000", "AR, 1000 a picture"},
    {"ar_s", "AR, small"},
    {"ar_m", "AR, medium"},
    {"ar_l", "AR, large"},
    {"ar_b", "AR_B"},
    {"ar_b1", "AR_B, 1 a picture"},
    {"ar_b10", "AR_B, 10 a picture"},
    {"ar_b100", "AR_B, 100 a picture"},
    {"ar_b1000", "AR_B, 1000 a picture"},
    {"ar_b_s", "AR_B, small"},
    {"ar_b_m", "AR_B, medium"},
    {"ar_b_l", "AR_B, large"},
    {"proposals", "proposals a picture"},
    {"noc85", "NoC@85, clicks"},
    {"noc90", "NoC@90, clicks"},
    {"noc95", "NoC@95, clicks"},
    {"thin_iou", "IoU of thin parts"},
    {"hce", "HCE, clicks"},
    {"prompt_miou", "mIoU of the mask given"},
    {"prompt_mbiou", "mBIoU of the mask given"},
});

constexpr std::string_view kStrict = "_strict";

// Place in kKnown, its size where unknown; and whether strict.
std::pair<size_t, bool> place_of(std::string_view metric) {
  const bool strict = metric.ends_with(kStrict);
  if (strict) metric.remove_suffix(kStrict.size());
  for (size_t i = 0; i < kKnown.size(); ++i) {
    if (kKnown[i].name == metric) return {i, strict};
  }
  return {kKnown.size(), strict};
}

// "88" of "recall88", "" of another name.
std::string_view behind(std::string_view name, std::string_view begin) {
  if (!name.starts_with(begin)) return "";
  name.remove_prefix(begin.size());
  return name.find_first_not_of("0123456789") == name.npos ? name : "";
}

// mBIoU's strict form follows it; AP's strict forms follow all others of AP.
auto sort_key(std::string_view metric) {
  const auto [place, strict] = place_of(metric);
  const bool behind_all = strict && metric.starts_with("a");
  constexpr size_t kBehindAp = 35;  // the place of the last AR
  return std::tuple(behind_all ? kBehindAp : place, strict, behind_all ? place : 0, metric);
}

}  // namespace

std::string metric_title(std::string_view metric) {
  const auto [place, strict] = place_of(metric);
  if (place < kKnown.size()) return std::string(kKnown[place].title) + (strict ? ", strict" : "");
  if (const auto threshold = behind(metric, "recall"); !threshold.empty()) {
    return "masks with a boundary IoU above 0." + std::string(threshold);
  }
  for (const Known& measure : {Known{"miou_click", "mIoU"}, Known{"mbiou_click", "mBIoU"}}) {
    auto clicks = behind(metric, measure.name);
    if (clicks.empty()) continue;
    while (clicks.size() > 1 && clicks.front() == '0') clicks.remove_prefix(1);
    return std::string(measure.title) + " after " + std::string(clicks) + (clicks == "1" ? " click" : " clicks");
  }
  return std::string(metric);
}

std::string counted(int64_t count, std::string_view word) {
  return std::to_string(count) + " " + std::string(word) + (count == 1 ? "" : "s");
}

std::string masks_text(int64_t masks, int64_t pictures) {
  return (masks > 0 ? counted(masks, "mask") + " of " : "") + counted(pictures, "picture");
}

bool metric_before(std::string_view a, std::string_view b) { return sort_key(a) < sort_key(b); }

std::string MetricName::text() const {
  return (set.empty() ? "" : set + "/") + (kind.empty() ? "" : kind + ".") + metric;
}

std::string MetricName::title() const { return (set.empty() ? "" : set + " ") + metric_title(metric); }

MetricName split_metric(std::string_view name) {
  MetricName split;
  if (const size_t dot = name.rfind('.'); dot != name.npos) {
    split.metric = name.substr(dot + 1);
    name = name.substr(0, dot);
  } else {
    split.metric = name;
    return split;
  }
  const size_t slash = name.rfind('/');
  split.kind = slash == name.npos ? name : name.substr(slash + 1);
  if (slash != name.npos) split.set = name.substr(0, slash);
  return split;
}

}  // namespace hqsam
