// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hqsam/config/config.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

class ConfigPrompts : public testing::Test {
 protected:
  Config load(const std::string& yaml) const {
    const auto path = temporary_.path / "run.yaml";
    write_file(path, yaml);
    return load_config(path);
  }
  std::string error(const std::string& yaml) const {
    try {
      load(yaml);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  testing_support::TemporaryFolder temporary_;
};

constexpr const char* kMixture = R"(
prompts:
  - {type: box, noise: 0.1, noise_cap: 20}
  - {type: points, count: [1, 10], negative: 0.25}
  - {type: clicks, weight: 3, noise: 0.2}
  - {type: [rough_mask, clicks], kinds: [dilated, holes], rounds: 4, pauses: 0, loss: last}
  - {type: [box, points, noisy_mask], count: 2}
  - {type: rough_mask, kinds: blurred}
  - {type: [box, own_mask], noise: 0.1}
)";

TEST_F(ConfigPrompts, ReadTheMixtureAndWriteItBack) {
  const std::vector<PromptOptions> prompts = load(kMixture).rows.prompts;
  ASSERT_EQ(prompts.size(), 7u);
  EXPECT_EQ(prompts[0].noise, (BoxNoise{0.1, 20}));
  EXPECT_EQ(prompts[1].count, 1);
  EXPECT_EQ(prompts[1].most_count, 10);
  EXPECT_EQ(prompts[1].negative, 0.25);
  EXPECT_EQ(prompts[2].types, std::vector{PromptType::kClicks});
  EXPECT_EQ(prompts[2].clicks, (ClickRounds{8, 2, true}));  // SAM's
  EXPECT_EQ(prompts[2].noise, (BoxNoise{0.2, 0}));
  EXPECT_EQ(prompts[3].clicks, (ClickRounds{4, 0, false}));
  EXPECT_EQ(prompts[3].kinds, (std::vector{RoughKind::kDilated, RoughKind::kHoles}));
  EXPECT_EQ(prompts[4].types.size(), 3u);
  EXPECT_EQ(prompts[5].kinds, std::vector{RoughKind::kBlurred});
  EXPECT_TRUE(prompts[6].has(PromptType::kOwnMask));
  const std::string written = to_yaml(load(kMixture));
  EXPECT_EQ(to_yaml(load(written)), written);
  EXPECT_NE(written.find("count: [1, 10], negative: 0.25"), std::string::npos) << written;
}

TEST_F(ConfigPrompts, AreThePapersWhereNothingIsSaid) {
  const std::string written = to_yaml(load("output: runs/x"));
  EXPECT_NE(written.find("prompts:\n  - {type: box, weight: 1}\n  - {type: points, weight: 1, count: 10}\n"
                         "  - {type: noisy_mask, weight: 1}\n"),
            std::string::npos)
      << written;
}

TEST_F(ConfigPrompts, RefuseKeysThatTheirTypeHasNoUseFor) {
  EXPECT_NE(error("prompts: [{type: points, noise: 0.1}]").find("unknown key 'prompts.0.noise'"), std::string::npos);
  EXPECT_NE(error("prompts: [{type: box, rounds: 3}]").find("unknown key 'prompts.0.rounds'"), std::string::npos);
  EXPECT_NE(error("prompts: [{type: noisy_mask, kinds: holes}]").find("unknown key 'prompts.0.kinds'"),
            std::string::npos);
  EXPECT_NE(error("prompts: [{type: rough_mask, kinds: [hole]}]").find("did you mean 'holes'"), std::string::npos);
  EXPECT_NE(error("prompts: [{type: points, count: [5, 2]}]").find("'prompts.0.count' expects [least, most]"),
            std::string::npos);
  EXPECT_NE(error("prompts: [{type: points, count: [1, 2, 3]}]").find("got 3 values"), std::string::npos);
  EXPECT_NE(error("prompts: [{type: [noisy_mask, rough_mask]}]").find("a prompt has one mask"), std::string::npos);
  EXPECT_NE(error("prompts: [{type: clicks, rounds: 0}]").find("'prompts.0.rounds' must be in 1..64, got 0"),
            std::string::npos);
}

TEST_F(ConfigPrompts, OfAnEvaluationHaveNamesOfTheirOwn) {
  const Config config = load(R"(
evaluate:
  prompts: [{type: box}, {type: box, noise: 0.2}, {type: box, noise: 0.1, noise_cap: 20}, {type: rough_mask},
            {type: rough_mask, kinds: holes}, {type: clicks, count: 5}]
)");
  std::vector<std::string> labels;
  for (const EvaluateOptions& one : config.evaluations) labels.push_back(prompt_label(one));
  EXPECT_EQ(labels, (std::vector<std::string>{"box", "box_noise_0.2", "box_noise_0.1_cap_20", "rough_mask",
                                              "rough_mask_holes", "clicks"}));
  EXPECT_EQ(to_yaml(load(to_yaml(config))), to_yaml(config));
  const Config one = load("evaluate: {prompts: [{type: box, noise: 0.2}]}");
  EXPECT_EQ(load(to_yaml(one)).evaluations.front().box_noise, (BoxNoise{0.2, 0}));
  EXPECT_NE(error("evaluate: {prompts: [{type: box, noise: 0.2}, {type: box, noise: 0.2}]}").find("comes twice"),
            std::string::npos);
  EXPECT_NE(error("evaluate: {prompts: [{type: points, noise: 0.2}]}").find("unknown key"), std::string::npos);
}

}  // namespace
}  // namespace hqsam
