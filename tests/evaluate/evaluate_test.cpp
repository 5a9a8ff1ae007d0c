// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/evaluate.h"

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/metrics/iou.h"
#include "temporary_folder.h"
#include "thread_group.h"

namespace hqsam {
using namespace testing_support;

namespace {

// What each of `ranks` ranks gets.
std::vector<EvaluateResult> evaluate_with(int64_t ranks, const std::vector<NamedDataset>& sets,
                                          const EvaluateOptions& options) {
  std::vector<EvaluateResult> results(ranks);
  const auto errors = run_ranks(ranks, [&](const std::shared_ptr<Group>& group) {
    SamHq model = tiny_model();
    results[group->rank()] = evaluate(model, sets, options, *group);
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
  return results;
}

void expect_equal(const EvaluateResult& a, const EvaluateResult& b) {
  EXPECT_EQ(samples_jsonl(a), samples_jsonl(b));
  EXPECT_EQ(results_table(a), results_table(b));
  EXPECT_EQ(a.mean, b.mean);
  ASSERT_EQ(a.sets.size(), b.sets.size());
  for (size_t i = 0; i < a.sets.size(); ++i) EXPECT_EQ(a.sets[i].images, b.sets[i].images);
}

std::vector<std::string> names(const EvaluateResult& result) {
  std::vector<std::string> list;
  for (const SampleResult& sample : result.samples) list.push_back(sample.set + "/" + sample.name);
  return list;
}

}  // namespace

class Evaluate : public ::testing::Test {
 protected:
  EvaluateResult run(const std::vector<NamedDataset>& sets) { return evaluate(model, sets, options, *group); }
  std::string error_of(const std::vector<NamedDataset>& sets) {
    return message_of([&] { run(sets); });
  }
  SamHq model = tiny_model();
  EvaluateOptions options;
  const std::shared_ptr<Group> group = make_group();
};

TEST_F(Evaluate, MeansAreOverMasksAndThenOverSets) {
  const EvaluateResult result = run({{"a", ellipses(3)}, {"b", ellipses(5)}});
  ASSERT_EQ(result.samples.size(), 8U);
  ASSERT_EQ(result.sets.size(), 2U);
  for (const MaskKind kind : {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum}) {
    double sums[2] = {0, 0};
    for (size_t i = 0; i < 8; ++i) sums[i >= 3] += result.samples[i].scores.at(kind).boundary_iou;
    EXPECT_NEAR(result.sets[0].metrics.at(kind).at("mbiou"), 100 * sums[0] / 3, 1e-9);
    EXPECT_NEAR(result.sets[1].metrics.at(kind).at("mbiou"), 100 * sums[1] / 5, 1e-9);
    EXPECT_NEAR(result.mean.at(kind).at("mbiou"), 100 * (sums[0] / 3 + sums[1] / 5) / 2, 1e-9);
  }
  EXPECT_EQ(result.sets[1].images, 5);
  EXPECT_GT(result.seconds, 0);
  for (const double station :
       {result.stations.decode, result.stations.encoder, result.stations.decoder, result.stations.measure}) {
    EXPECT_GT(station, 0);
  }
  EXPECT_LE(result.stations.encoder + result.stations.decoder, result.seconds);
}

TEST_F(Evaluate, SavedMasksAreThoseThatWereMeasured) {
  const TemporaryFolder folder;
  options.save_masks = folder.path;
  const auto dataset = ellipses(2);
  const EvaluateResult result = run({{"a", dataset}});
  for (const auto& [kind, word] : {std::pair{MaskKind::kSam, "sam"}, std::pair{MaskKind::kHq, "hq"}}) {
    for (size_t i = 0; i < 2; ++i) {
      const auto path = folder.path / word / "a" / ("p" + std::to_string(i) + "_1.png");
      const Mask saved = threshold_label(read_gray(path)), truth = threshold_label(dataset->get(i).labels[0].gray());
      EXPECT_DOUBLE_EQ(mask_iou(saved, truth), result.samples[i].scores.at(kind).iou) << path;
    }
  }
}

TEST_F(Evaluate, AgreesWithEvaluateSampleForAllPromptsAndProtocols) {
  const auto dataset = ellipses(3);
  for (const PromptType prompt : {PromptType::kBox, PromptType::kPoints, PromptType::kNoisyMask}) {
    for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
      options.prompt = prompt;
      options.protocol = protocol;
      const EvaluateResult result = run({{"a", dataset}});
      for (int64_t i = 0; i < dataset->size(); ++i) {
        const Sample sample = dataset->get(i);
        const SampleMasks again = evaluate_sample(model, sample, 0, options, i);
        for (const auto& [kind, scores] : result.samples[i].scores) {
          EXPECT_EQ(mask_iou(again.masks.at(kind), threshold_label(sample.labels[0])), scores.iou)
              << prompt_name(prompt) << " " << to_string(protocol) << " " << to_string(kind) << " " << i;
        }
      }
    }
  }
}

TEST_F(Evaluate, CountsEveryMaskOfAPictureAndSkipsEmptyOnes) {
  Sample sample = sample_of("many", waves(64, 64), {});
  for (int i = 0; i < 40; ++i) sample.labels.push_back(ellipse(64, 64, 12 + i, 30, 9, 12));  // over a decoder batch
  sample.labels[5] = Image(64, 64, 1);
  const EvaluateResult result = run({{"a", std::make_shared<MemoryDataset>(std::vector<Sample>{sample})}});
  ASSERT_EQ(result.samples.size(), 39U);
  EXPECT_EQ(result.samples[4].mask_index, 4);
  EXPECT_EQ(result.samples[5].mask_index, 6);
  EXPECT_EQ(result.sets[0].images, 1);
  EXPECT_EQ(result.sets[0].skipped, 1);
  const SampleMasks last = evaluate_sample(model, sample, 39, options);
  EXPECT_NEAR(mask_iou(last.masks.at(MaskKind::kHq), threshold_label(sample.labels[39])),
              result.samples[38].scores.at(MaskKind::kHq).iou, 0.01);
  EXPECT_NE(results_table(result).find("skipped: 1 masks"), std::string::npos);
}

TEST_F(Evaluate, LeavesASetWithoutMasksOutOfTheMean) {
  const auto empty =
      std::make_shared<MemoryDataset>(std::vector<Sample>{sample_of("e", waves(64, 64), {Image(64, 64, 1)})});
  const EvaluateResult result = run({{"a", ellipses(2)}, {"empty", empty}});
  EXPECT_TRUE(result.sets[1].metrics.empty());
  EXPECT_EQ(result.sets[1].skipped, 1);
  EXPECT_EQ(result.mean, result.sets[0].metrics);
}

TEST_F(Evaluate, LimitTakesEvenlySpacedPictures) {
  const auto dataset = ellipses(10);
  options.limit = 4;
  const EvaluateResult result = run({{"a", dataset}});
  EXPECT_EQ(result.sets[0].images, 4);
  EXPECT_EQ(dataset->read(), (std::set<int64_t>{0, 2, 5, 7}));
  options.limit = 99;
  EXPECT_EQ(run({{"a", dataset}}).sets[0].images, 10);
}

TEST_F(Evaluate, GivesTheSameWithAnyNumberOfWorkersAndRanks) {
  options.prompt = PromptType::kPoints;
  const std::vector<NamedDataset> sets = {{"a", ellipses(7)}, {"b", ellipses(2)}};
  const EvaluateResult expected = run(sets);
  EXPECT_EQ(names(expected),
            (std::vector<std::string>{"a/p0", "a/p1", "a/p2", "a/p3", "a/p4", "a/p5", "a/p6", "b/p0", "b/p1"}));
  for (const int64_t workers : {0, 1, 5}) {
    options.workers = workers;
    expect_equal(run(sets), expected);
  }
  for (const int64_t ranks : {2, 3, 4}) {
    for (const EvaluateResult& result : evaluate_with(ranks, sets, options)) expect_equal(result, expected);
  }
}

TEST_F(Evaluate, RanksMergeAveragePrecisionAndClicksToTheBit) {
  std::vector<Sample> samples;
  for (int64_t i = 0; i < 5; ++i) {
    samples.push_back(ellipses(5)->get(i));
    samples.back().annotated = true;
    samples.back().infos = {{1 + i % 2}};
  }
  const std::vector<NamedDataset> sets = {{"a", std::make_shared<MemoryDataset>(samples)}};
  options.fine_structure = true;
  for (const PromptOrigin origin : {PromptOrigin::kTruth, PromptOrigin::kClicks}) {
    options.origin = origin;
    options.clicks = 2;
    const EvaluateResult expected = run(sets);
    EXPECT_EQ(expected.mean.at(MaskKind::kHq).count("ap"), origin == PromptOrigin::kTruth ? 1U : 0U);
    for (const EvaluateResult& result : evaluate_with(3, sets, options)) {
      expect_equal(result, expected);
      EXPECT_EQ(result.sets[0].metrics, expected.sets[0].metrics);
    }
  }
}

TEST_F(Evaluate, RefusesRanksThatHaveOtherPictures) {
  const auto errors = run_ranks(3, [&](const std::shared_ptr<Group>& group) {
    SamHq own = tiny_model();
    evaluate(own, {{"a", ellipses(3, group->rank() == 2 ? "q" : "p")}}, options, *group);
  });
  for (const std::string& error : errors) {
    EXPECT_NE(error.find("the list of pictures of rank 2 is not that of rank 0"), std::string::npos) << error;
  }
}

TEST_F(Evaluate, AnErrorOnOneRankReachesAll) {
  auto samples = std::vector<Sample>{ellipses(2)->get(0), ellipses(2)->get(1)};
  samples[1].image.pixels.clear();
  const std::vector<NamedDataset> sets = {{"a", std::make_shared<MemoryDataset>(samples)}};
  const auto errors = run_ranks(3, [&](const std::shared_ptr<Group>& group) {
    SamHq own = tiny_model();
    evaluate(own, sets, options, *group);
  });
  for (const std::string& error : errors) {
    EXPECT_NE(error.find("pictures/p1.jpg is broken"), std::string::npos) << error;
  }
}

TEST_F(Evaluate, AnUnreadablePictureIsAnErrorThatNamesIt) {
  auto samples = std::vector<Sample>{ellipses(2)->get(0), ellipses(2)->get(1)};
  samples[1].image.pixels.clear();
  EXPECT_NE(error_of({{"a", std::make_shared<MemoryDataset>(samples)}}).find("pictures/p1.jpg"), std::string::npos);
}

TEST_F(Evaluate, RefusesWrongSetsOptionsAndModels) {
  EXPECT_NE(error_of({}).find("no data sets"), std::string::npos);
  EXPECT_NE(error_of({{"a", ellipses(0)}}).find("'a' has no pictures"), std::string::npos);
  EXPECT_NE(error_of({{"a", ellipses(1)}, {"a", ellipses(1)}}).find("two data sets"), std::string::npos);
  model = tiny_model(without_hq(tiny_options()));
  EXPECT_NE(error_of({{"a", ellipses(1)}}).find("no 'hq' masks"), std::string::npos);
  options.masks = {MaskKind::kSam};
  EXPECT_EQ(run({{"a", ellipses(1)}}).samples[0].scores.size(), 1U);

  const auto refuses = [](auto change) {
    EvaluateOptions wrong;
    change(wrong);
    EXPECT_THROW(wrong.validate(), Error);
  };
  refuses([](EvaluateOptions& o) { o.masks.clear(); });
  refuses([](EvaluateOptions& o) { o.masks = {MaskKind::kHq, MaskKind::kHq}; });
  refuses([](EvaluateOptions& o) { o.boundary_dilation = 0; });
  refuses([](EvaluateOptions& o) { o.boundary_dilation = 1; });
  refuses([](EvaluateOptions& o) { o.workers = -1; });
  refuses([](EvaluateOptions& o) { o.limit = -1; });
  refuses([](EvaluateOptions& o) { o.prompt_points = 0; });
}

}  // namespace hqsam
