// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/compare.h"

#include "evaluate/memory_dataset.h"
#include "golden.h"

namespace hqsam {
using namespace testing_support;

namespace {

std::string lines_of(const std::string& set, const std::vector<std::pair<double, double>>& sam_and_hq) {
  return samples_jsonl(result_of(set, sam_and_hq));
}

std::string refusal(const std::string& a, const std::string& b) {
  return message_of([&] { compare_samples(a, "A", b, "B"); });
}

}  // namespace

TEST(Compare, PairsMaskByMaskPerSetAndPooled) {
  const std::string a = lines_of("COIFT", {{0.5, 0.9}, {0.7, 0.8}}) + lines_of("HRSOD", {{0.2, 0.3}});
  const std::string b = lines_of("HRSOD", {{0.2, 0.5}}) + lines_of("COIFT", {{0.5, 0.8}, {0.7, 0.6}});
  const auto sets = compare_samples(a, "A", b, "B");
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(sets[0].name, "COIFT");
  EXPECT_EQ(sets[0].masks, 2);
  EXPECT_EQ(sets[2].name, "");
  EXPECT_EQ(sets[2].masks, 3);
  for (const ComparedMetric& metric : sets[0].metrics) {
    if (metric.metric != "iou") continue;
    EXPECT_NEAR(metric.difference.mean, metric.kind == "hq" ? -15 : 0, 1e-9);
    EXPECT_NEAR(metric.second - metric.first, metric.difference.mean, 1e-9);
  }
  const std::string table = comparison_table(sets);
  EXPECT_NE(table.find("pooled"), std::string::npos);
  EXPECT_NE(table.find("-15.00  [-20.00, -10.00]"), std::string::npos) << table;
}

TEST(Compare, CountsTheMasksThatHaveAMetric) {
  EvaluateResult a = result_of("COIFT", {{0.5, 0.9}, {0.7, 0.8}}), b = a;
  a.samples[1].scores[MaskKind::kHq].thin_iou = 0.25, b.samples[1].scores[MaskKind::kHq].thin_iou = 0.75;
  for (size_t i = 0; i < 2; ++i) a.samples[i].scores[MaskKind::kHq].hce = 9, b.samples[i].scores[MaskKind::kHq].hce = 4;
  int64_t found = 0;
  const auto sets = compare_samples(samples_jsonl(a), "A", samples_jsonl(b), "B");
  for (const ComparedMetric& metric : sets[0].metrics) {
    if (metric.metric != "thin_iou" && metric.metric != "hce") continue;
    ++found;
    EXPECT_EQ(metric.masks, metric.metric == "hce" ? 2 : 1);
    EXPECT_NEAR(metric.difference.mean, metric.metric == "hce" ? -5 : 50, 1e-9);
  }
  EXPECT_EQ(found, 2);
}

TEST(Compare, NamesWhatIsOfOtherData) {
  const std::string two = lines_of("COIFT", {{0.5, 0.9}, {0.7, 0.8}}), one = lines_of("COIFT", {{0.5, 0.9}});
  EXPECT_NE(refusal(two, one).find("1 of 2 masks of A are not in B: COIFT: pictures/s1.jpg mask 0"), std::string::npos);
  EXPECT_NE(refusal(one, two).find("1 of 2 masks of B are not in A"), std::string::npos);
  EXPECT_NE(refusal(one, lines_of("HRSOD", {{0.5, 0.9}})).find("other data"), std::string::npos);
}

TEST(Compare, RefusesFilesThatAreNotItsOwn) {
  const std::string good = lines_of("COIFT", {{0.5, 0.9}});
  EXPECT_NE(refusal(good, "no json\n").find("B:1: not a line of samples.jsonl"), std::string::npos);
  EXPECT_NE(refusal(good, "{\"set\": 3}\n").find("B:1"), std::string::npos);
  EXPECT_NE(refusal(good + good, good).find("A:2: COIFT: pictures/s0.jpg mask 0 comes twice"), std::string::npos);
  EXPECT_NE(refusal("", good).find("A has no masks"), std::string::npos);
  const std::string bare = R"({"set": "COIFT", "file": "pictures/s0.jpg", "mask": 0})";
  EXPECT_NE(refusal(good, bare).find("no kind of mask"), std::string::npos);
  EXPECT_NE(refusal(good, R"({"set": "COIFT", "file": "a", "mask": 1e300})").find("B:1: mask is not a whole number"),
            std::string::npos);
  EXPECT_NE(message_of([&] { compare_folders("nowhere", "nowhere"); }).find("samples.jsonl"), std::string::npos);
}

TEST(Compare, RefusesDeepJsonAndShowsLittleOfLongValues) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']'),
                    good = lines_of("COIFT", {{0.5, 0.9}});
  EXPECT_NE(refusal(good, good + "{\"x\": " + deep + "}\n").find("B:2: not a line of samples.jsonl: it is nested more"),
            std::string::npos);
  const auto apart = [](const std::string& value) {
    return differing_settings("{\"prompt\": \"box\"}", "A", "{\"prompt\": " + value + "}", "B");
  };
  EXPECT_NE(message_of([&] { apart(deep); }).find("B is nested more than 32 deep"), std::string::npos);
  EXPECT_TRUE(apart("\"box\"").empty());
  EXPECT_EQ(apart("[7]"), std::vector<std::string>{"prompt: \"box\" and [7]"});
  EXPECT_LT(apart("\"" + std::string(40'000, 'x') + "\"")[0].size(), 120U);
}

}  // namespace hqsam
