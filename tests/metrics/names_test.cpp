// SPDX-License-Identifier: Apache-2.0
#include "hqsam/metrics/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hqsam {

TEST(MetricNames, AreThoseThatPeopleKnow) {
  EXPECT_EQ(metric_title("miou"), "mIoU");
  EXPECT_EQ(metric_title("mbiou_strict"), "mBIoU, strict");
  EXPECT_EQ(metric_title("ap_b50_strict"), "AP_B50, strict");
  EXPECT_EQ(metric_title("recall75"), "masks with a boundary IoU above 0.75");
  EXPECT_EQ(metric_title("miou_click01"), "mIoU after 1 click");
  EXPECT_EQ(metric_title("miou_click10"), "mIoU after 10 clicks");
  EXPECT_EQ(metric_title("mbiou_click02"), "mBIoU after 2 clicks");
  EXPECT_EQ(metric_title("prompt_miou"), "mIoU of the mask given");
  EXPECT_EQ(metric_title("recall_x"), "recall_x");
  EXPECT_EQ(metric_title(""), "");
}

TEST(MetricNames, StandInTheOrderOfPapers) {
  std::vector<std::string> names = {"hce",  "a_new_one",    "ap_b_strict", "noc85",        "ar",
                                    "ap_b", "ap75",         "ap50",        "mbiou",        "ap_s",
                                    "ap",   "mbiou_strict", "miou",        "ap_b50_strict"};
  std::sort(names.begin(), names.end(), metric_before);
  EXPECT_EQ(names, (std::vector<std::string>{"miou", "mbiou", "mbiou_strict", "ap", "ap50", "ap75", "ap_s", "ap_b",
                                             "ar", "ap_b_strict", "ap_b50_strict", "noc85", "hce", "a_new_one"}));
}

TEST(MetricNames, SayTheSetAndTheKindOfMask) {
  const MetricName one = split_metric("a/b.c/hq.mbiou");
  EXPECT_EQ(one.set, "a/b.c");
  EXPECT_EQ(one.kind, "hq");
  EXPECT_EQ(one.metric, "mbiou");
  EXPECT_EQ(one.text(), "a/b.c/hq.mbiou");
  EXPECT_EQ(one.title(), "a/b.c mBIoU");
  EXPECT_EQ(split_metric("sam.miou").title(), "mIoU");
  EXPECT_EQ(split_metric("sam.miou").set, "");
  EXPECT_EQ(split_metric("odd").text(), "odd");
}

}  // namespace hqsam
