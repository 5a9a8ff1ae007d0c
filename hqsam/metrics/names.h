// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hqsam {

// A metric's name as people write it: "mBIoU" of "mbiou", "AP_B50, strict" of "ap_b50_strict". What is not known stays
// as it is.
std::string metric_title(std::string_view metric);

// "1 mask", "2 masks"
std::string counted(int64_t count, std::string_view word);
// "62 masks of 25 pictures"; "25 pictures" without masks.
std::string masks_text(int64_t masks, int64_t pictures);

// Sorts names of metrics in the order that people know: mIoU, mBIoU, then AP, AP50, AP75, those by size and frequency,
// the same of boundaries, recall, clicks, fine structure; unknown names last, by the alphabet.
bool metric_before(std::string_view a, std::string_view b);

// "COIFT/hq.mbiou" is the metric "mbiou" of the masks "hq" on the set "COIFT"; without a set it is the mean over sets.
struct MetricName {
  std::string set, kind, metric;
  std::string text() const;   // "COIFT/hq.mbiou"
  std::string title() const;  // "COIFT mBIoU": without the kind of mask
};
MetricName split_metric(std::string_view name);

}  // namespace hqsam
