// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/proposals.h"

#include <gtest/gtest.h>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/amg/generator.h"
#include "thread_group.h"

namespace hqsam {
using namespace testing_support;

namespace {

// Thresholds that a model of random weights passes.
EvaluateOptions loose() {
  EvaluateOptions options;
  options.origin = PromptOrigin::kProposals;
  options.masks = {MaskKind::kSam};
  options.proposals.points_per_side = 8;
  options.proposals.min_predicted_iou = 0;
  options.proposals.min_stability = 0.2;
  options.proposals.stability_offset = 0.02;
  return options;
}

Image label_of(const PackedMask& mask) { return mask_to_gray(unpack(mask)); }

Image pixel_in_the_corner(Size size) {
  Image label(size.height, size.width, 1);
  label.pixels.front() = 255;
  return label;
}

}  // namespace

class Proposals : public ::testing::Test {
 protected:
  void SetUp() override {
    AmgOptions amg = options.proposals;
    amg.masks = MaskKind::kSam;
    for (FoundMask& mask : AutomaticMaskGenerator(model, amg).generate(picture)) found.push_back(std::move(mask.mask));
    ASSERT_GT(found.size(), 1U);
  }
  EvaluateResult run(std::vector<Sample> samples) {
    return evaluate(model, {{"a", std::make_shared<MemoryDataset>(std::move(samples))}}, options, *group);
  }

  SamHq model = tiny_model();
  Image picture = waves(50, 80);
  EvaluateOptions options = loose();
  std::vector<PackedMask> found;
  const std::shared_ptr<Group> group = make_group();
};

TEST_F(Proposals, RecallIsTheShareOfMasksThatAreFound) {
  const auto result = run({sample_of("p", picture, {label_of(found[0]), pixel_in_the_corner(picture.size())})});
  const auto& metrics = result.sets.front().metrics.at(MaskKind::kSam);
  EXPECT_DOUBLE_EQ(metrics.at("ar10"), 50);
  EXPECT_DOUBLE_EQ(metrics.at("ar1000"), 50);
  EXPECT_DOUBLE_EQ(metrics.at("ar_b100"), 50);
  EXPECT_EQ(metrics.at("proposals"), static_cast<double>(found.size()));
  EXPECT_EQ(result.mean.at(MaskKind::kSam), metrics);
  EXPECT_TRUE(result.samples.empty());
}

TEST_F(Proposals, CategoriesDoNotMatterAndACrowdDoesNotCount) {
  Sample sample = sample_of("p", picture, {label_of(found[0]), label_of(found[1])});
  sample.annotated = true;
  sample.infos = {{.category = 7}, {.category = 3, .crowd = true}};
  EXPECT_DOUBLE_EQ(run({sample}).sets.front().metrics.at(MaskKind::kSam).at("ar10"), 100);
  sample.labels[0] = pixel_in_the_corner(picture.size());
  EXPECT_DOUBLE_EQ(run({sample}).sets.front().metrics.at(MaskKind::kSam).at("ar10"), 0);
}

TEST_F(Proposals, AMaskWithoutAnInsideIsCounted) {
  const auto result = run({sample_of("p", picture, {label_of(found[0]), Image(picture.height, picture.width, 1)})});
  EXPECT_EQ(result.sets.front().skipped, 1);
  EXPECT_DOUBLE_EQ(result.sets.front().metrics.at(MaskKind::kSam).at("ar10"), 100);
}

TEST_F(Proposals, TwoRanksGiveTheSame) {
  const auto sets = [&] { return std::vector<NamedDataset>{{"a", ellipses(3)}}; };
  const EvaluateResult alone = evaluate(model, sets(), options, *group);
  std::vector<EvaluateResult> results(2);
  const auto errors = run_ranks(2, [&](const std::shared_ptr<Group>& ranks) {
    SamHq own = tiny_model();
    results[ranks->rank()] = evaluate(own, sets(), options, *ranks);
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
  for (const EvaluateResult& result : results) EXPECT_EQ(result.mean, alone.mean);
}

TEST_F(Proposals, GoAlone) {
  EvaluateOptions boxes;
  boxes.masks = options.masks;
  EXPECT_NE(message_of([&] {
              evaluate_prompts(model, {{"a", ellipses(1)}}, {boxes, options}, *group);
            }).find("proposals are an evaluation of their own"),
            std::string::npos);
}

}  // namespace hqsam
