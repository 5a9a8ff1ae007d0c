// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <sstream>

#include "evaluate/memory_dataset.h"
#include "golden.h"

namespace hqsam {
using namespace testing_support;
using nlohmann::json;

namespace {

const EvaluateResult& example() {
  static const EvaluateResult result = result_of("COIFT", {{0.5, 0.9}, {0.7, 0.8}, {0.6, 0.6}, {0.9, 0.8}});
  return result;
}

}  // namespace

TEST(Intervals, ArePairedAndInPercent) {
  const Interval gain = difference_interval(example(), MaskKind::kHq, MaskKind::kSam, Metric::kIou);
  EXPECT_NEAR(gain.mean, 10, 1e-9);
  EXPECT_LT(gain.low, gain.mean);
  EXPECT_GT(gain.high, gain.mean);
  EXPECT_GE(gain.low, -10);
  EXPECT_LE(gain.high, 40);
  EXPECT_NEAR(mean_interval(example(), MaskKind::kHq, Metric::kBoundaryIou).mean, 77.5 / 2, 1e-9);
  EXPECT_NEAR(difference_interval(example(), MaskKind::kHq, MaskKind::kHq, Metric::kIou).high, 0, 1e-12);
}

TEST(Intervals, CanBeOfOneSet) {
  EvaluateResult two = example();
  for (SampleResult sample : result_of("HRSOD", {{0.2, 0.3}}).samples) two.samples.push_back(sample);
  EXPECT_NEAR(difference_interval(two, MaskKind::kHq, MaskKind::kSam, Metric::kIou, "HRSOD").mean, 10, 1e-9);
  EXPECT_NEAR(mean_interval(two, MaskKind::kSam, Metric::kIou, "HRSOD").mean, 20, 1e-9);
  EXPECT_THROW(mean_interval(two, MaskKind::kSum, Metric::kIou), Error);
}

TEST(BestMasks, AreTheSumUnlessHqIsBetterForCertain) {
  EXPECT_FALSE(best_masks(example()));  // has no sum
  EvaluateResult result = example();
  result.mean[MaskKind::kSum] = result.mean.at(MaskKind::kHq);
  const auto with_sums = [&](double step) {
    double offset = 0;
    for (SampleResult& sample : result.samples) {
      auto& sum = sample.scores[MaskKind::kSum] = sample.scores.at(MaskKind::kHq);
      sum.boundary_iou += step + (offset += 0.001);
    }
    return best_masks(result).value();
  };
  EXPECT_EQ(with_sums(-0.2).kind, MaskKind::kHq);
  EXPECT_NEAR(with_sums(-0.2).hq_minus_sum.mean, 20 - 0.25, 1e-9);
  EXPECT_EQ(with_sums(-0.0025).kind, MaskKind::kSum);  // nobody knows
  EXPECT_EQ(with_sums(0.2).kind, MaskKind::kSum);
  EXPECT_NE(results_table(result).find("best here: --masks sum"), std::string::npos);
  EXPECT_EQ(json::parse(results_json(result, {}, "c"))["best_masks"]["masks"], "sum");
}

TEST(ResultsJson, HasTheContractsKeysInPercent) {
  const json read = json::parse(results_json(example(), {}, "sam_hq.pth"));
  EXPECT_EQ(read.at("version"), 1);
  EXPECT_EQ(read.at("checkpoint"), "sam_hq.pth");
  EXPECT_EQ(read.at("protocol"), "reference");
  EXPECT_EQ(read.at("prompt"), "box");
  EXPECT_TRUE(read.contains("seconds"));
  EXPECT_TRUE(read.at("station_seconds").contains("encoder"));
  const json& set = read.at("sets").at(0);
  EXPECT_EQ(set.at("name"), "COIFT");
  EXPECT_EQ(set.at("images"), 4);
  EXPECT_NEAR(set.at("metrics").at("hq").at("miou").get<double>(), 77.5, 1e-9);
  EXPECT_NEAR(read.at("mean").at("sam").at("mbiou").get<double>(), 67.5 / 2, 1e-9);
  EXPECT_FALSE(read.at("mean").contains("sum"));
  EXPECT_EQ(read.at("pooled").at("masks"), 4);
  EXPECT_NEAR(read.at("pooled").at("hq-sam").at("miou").at("mean").get<double>(), 10, 1e-9);
  EXPECT_FALSE(read.at("pooled").contains("sum-sam"));
}

TEST(ResultsJson, NamesProtocolAndPrompt) {
  EvaluateOptions options;
  options.protocol = Protocol::kKeepAspect;
  options.prompt = PromptType::kNoisyMask;
  const json read = json::parse(results_json(example(), options, ""));
  EXPECT_EQ(read.at("protocol"), "keep_aspect");
  EXPECT_EQ(read.at("prompt"), "noisy_mask");
  EXPECT_EQ(prompt_name(PromptType::kPoints), "points");
}

TEST(SamplesJsonl, IsOneLinePerMask) {
  std::istringstream lines(samples_jsonl(example()));
  std::vector<json> read;
  for (std::string line; std::getline(lines, line);) read.push_back(json::parse(line));
  ASSERT_EQ(read.size(), 4U);
  EXPECT_EQ(read[1].at("set"), "COIFT");
  EXPECT_EQ(read[1].at("file"), "pictures/s1.jpg");
  EXPECT_EQ(read[1].at("mask"), 0);
  EXPECT_NEAR(read[1].at("hq").at("iou").get<double>(), 80, 1e-9);
  EXPECT_NEAR(read[1].at("sam").at("biou").get<double>(), 35, 1e-9);
}

TEST(SamplesJsonl, SurvivesFileNamesThatAreNotUtf8) {
  EvaluateResult result = example();
  result.samples[0].image_path = "bad\xFF.jpg";
  EXPECT_EQ(json::parse(results_json(result, {}, "c\xFE.pth")).at("checkpoint"), "c\xEF\xBF\xBD.pth");
  const std::string lines = samples_jsonl(result);
  EXPECT_EQ(json::parse(lines.substr(0, lines.find('\n'))).at("file"), "bad\xEF\xBF\xBD.jpg");
}

TEST(ResultsTable, IsAlignedWithAMeanAndThePooledDifference) {
  EvaluateResult result = example();
  result.sets.push_back({"a longer name", 12, 0, {}});
  const std::string table = results_table(result);
  std::istringstream lines(table);
  std::vector<std::string> read;
  for (std::string line; std::getline(lines, line);) read.push_back(line);
  ASSERT_EQ(read.size(), 7U) << table;
  EXPECT_EQ(read[1].find("mIoU") + 4, read[2].find("67.50") + 5);
  for (size_t i = 2; i < 5; ++i) EXPECT_EQ(read[i].size(), read[1].size()) << read[i];
  EXPECT_EQ(read[2].find("COIFT"), 0U);
  EXPECT_NE(read[3].find(" - "), std::string::npos);
  EXPECT_EQ(read[4].find("mean"), 0U);
  EXPECT_NE(read[5].find("4 masks"), std::string::npos);
  EXPECT_NE(read[6].find("HQ  - SAM  mIoU +10.00 ["), std::string::npos) << read[6];
  EXPECT_EQ(table.find("SUM"), std::string::npos);
}

}  // namespace hqsam
