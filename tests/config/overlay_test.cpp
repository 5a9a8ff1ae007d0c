// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "hqsam/config/config.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBase = R"(
model: {checkpoint: base.pth}
data:
  root: sets
  train:
    - {name: a, images: a/im, masks: a/gt}
train: {objective: hq, trainable: hq, epochs: 3, schedule: {type: step, factor: 0.5}}
)";

class Overlay : public testing::Test {
 protected:
  Overlay() { fs::create_directories(folder_ / "more"); }
  Config load(const std::string& base, const std::string& above, const std::vector<std::string>& overrides = {}) {
    write_file(folder_ / "base.yaml", base);
    write_file(folder_ / "more/above.yaml", above);
    return load_config(std::vector<fs::path>{folder_ / "base.yaml", folder_ / "more/above.yaml"}, overrides);
  }
  // The Error's text, without the folder of this test.
  std::string error(const std::string& base, const std::string& above, const std::vector<std::string>& overrides = {}) {
    try {
      load(base, above, overrides);
    } catch (const Error& error) {
      std::string message = error.what();
      const std::string prefix = folder_.string() + "/";
      for (size_t at; (at = message.find(prefix)) != std::string::npos;) message.erase(at, prefix.size());
      return message;
    }
    return "no error";
  }

  testing_support::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

TEST_F(Overlay, JoinsMappingsAndReplacesTheRest) {
  const Config config = load(kBase, "train: {epochs: 5, schedule: {factor: 0.25}}\nmodel: {hq: {token: context}}");
  EXPECT_EQ(config.train.epochs, 5);
  EXPECT_EQ(config.train.schedule.factor, 0.25);
  EXPECT_EQ(config.train.schedule.type, ScheduleType::kStep);
  EXPECT_EQ(fs::path(config.checkpoint).filename(), "base.pth");
  ASSERT_TRUE(config.hq.has_value());
  EXPECT_EQ(config.hq->token, HqToken::kContext);
  EXPECT_EQ(config.train_sets.at(0).images, folder_ / "sets/a/im");
  EXPECT_EQ(load(kBase, "train: {epochs: 5}", {"train.epochs=6"}).train.epochs, 6);

  const Config lists = load(kBase, "data: {root: other, train: [{name: b, images: im, masks: gt}]}");
  ASSERT_EQ(lists.train_sets.size(), 1U);
  EXPECT_EQ(lists.train_sets[0].images, folder_ / "more/other/im") << "a root is relative to the file that has it";
  EXPECT_EQ(load("output: x", "train: {epochs: 2}").train.epochs, 2);
  EXPECT_EQ(load(kBase, "train:\n#  epochs: 5\n").train.epochs, 3) << "a section of which all is commented out";
  EXPECT_FALSE(load(kBase, "{}").hq.has_value());
}

TEST_F(Overlay, NamesTheFileInMessages) {
  EXPECT_EQ(error(kBase, "model: {}\ntrain: {epoch: 5}"),
            "[load_config] more/above.yaml:2: unknown key 'train.epoch' (did you mean 'epochs'?)");
  EXPECT_EQ(error(kBase, "train:\n  epochs: two"),
            "[load_config] more/above.yaml:2: 'train.epochs' expects a whole number, got 'two'");
  EXPECT_EQ(error("train: {epochs: two}", "model: {}"),
            "[load_config] base.yaml:1: 'train.epochs' expects a whole number, got 'two'");
  EXPECT_EQ(error(kBase, "train: {epochs: 5}", {"train.epochs=two"}),
            "[load_config] --set train.epochs=two: 'train.epochs' expects a whole number, got 'two'");
  EXPECT_EQ(error(kBase, "train: {epochs: 5, epochs: 6}"),
            "[load_config] more/above.yaml:1: the key 'train.epochs' comes twice");
  EXPECT_EQ(error(kBase, "train: {? [a] : b}"), "[load_config] more/above.yaml:1: a key must be a word");
  EXPECT_EQ(error(kBase, "train: 7"),
            "[load_config] more/above.yaml:1: 'train': expected a mapping of keys, got a single value");
  EXPECT_NE(error(kBase, "- a").find("more/above.yaml: expected a mapping"), std::string::npos);
  EXPECT_THROW(load_config(std::vector<fs::path>{}), Error);
}

TEST_F(Overlay, HoldsTheOptionsOfAblations) {
  const Config config = load(kBase,
                             "model: {hq: {mask_feature: plain, fpn: true}}\n"
                             "train: {loss: {region: boundary}, cache_features: features}");
  EXPECT_TRUE(config.hq->fpn);
  EXPECT_EQ(config.train.loss.region, LossRegion::kBoundary);
  EXPECT_EQ(config.train.cache_features, fs::current_path() / "features");
  write_file(folder_ / "again.yaml", to_yaml(config));
  const Config again = load_config(folder_ / "again.yaml");
  EXPECT_EQ(again.hq, config.hq);
  EXPECT_EQ(to_yaml(again), to_yaml(config));
  EXPECT_EQ(
      load(kBase, to_yaml(load(kBase, "train: {cache_features: x}")), {"train.cache_features="}).train.cache_features,
      fs::path());

  const uint64_t base = training_fingerprint(load(kBase, "{}"));
  EXPECT_EQ(training_fingerprint(load(kBase, "train: {cache_features: x}")), base);
  EXPECT_NE(training_fingerprint(load(kBase, "train: {loss: {region: boundary}}")), base);
  EXPECT_NE(training_fingerprint(load(kBase, "model: {hq: {early_feature: false}}")), base);

  EXPECT_NE(error(kBase, "model: {hq: {token: hf}}").find("is one of hq, context, times_output"), std::string::npos);
  EXPECT_NE(error(kBase, "model: {hq: {fpn: true}}").find("more/above.yaml:1: 'model.hq.fpn' has"), std::string::npos)
      << error(kBase, "model: {hq: {fpn: true}}");
  EXPECT_NE(error(kBase, "model: {hq: {}}\ntrain: {objective: sam_mask, trainable: decoder}")
                .find("'model.hq' is for train.objective hq"),
            std::string::npos);
  EXPECT_NE(error(kBase, "train: {trainable: all, cache_features: x}").find("cache_features"), std::string::npos);
}

TEST(AblationConfigs, LieOverAnyTrainingConfig) {
  const fs::path configs = fs::path(HQSAM_SOURCE_DIR) / "configs";
  std::set<std::string> rows, different;
  for (const auto& entry : fs::directory_iterator(configs / "ablation")) {
    const Config config =
        load_config(std::vector<fs::path>{configs / "hq_sam_vit_l.yaml", entry.path()}, {"data.hqseg44k="});
    EXPECT_EQ(config.hq.has_value(), config.train.objective == Objective::kHq) << entry.path();
    rows.insert(entry.path().stem().string());
    different.insert(std::to_string(training_fingerprint(config)));
  }
  EXPECT_EQ(rows, (std::set<std::string>{"context_token", "hq_token_times_output", "boundary_loss", "hq_token",
                                         "hq_token_convs", "hq_final", "hq_early", "hq_final_early",
                                         "hq_feature_context_token", "fpn", "decoder", "output_token", "everything"}));
  EXPECT_EQ(different.size(), rows.size());
  const Config whole =
      load_config(std::vector<fs::path>{configs / "hq_sam_vit_l.yaml", configs / "ablation/hq_final_early.yaml"},
                  {"data.hqseg44k="});
  EXPECT_EQ(whole.hq, HqOptions());
}

}  // namespace
}  // namespace hqsam
