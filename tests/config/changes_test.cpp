// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/changes.h"

#include <gtest/gtest.h>

#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

constexpr const char* kRun =
    "model: {checkpoint: sam.pth}\n"
    "data: {train: [{name: a, images: im, masks: gt}], valid: [{name: v, images: im, masks: gt}]}\n"
    "train: {epochs: 1, lr: 1.0e-3}\n"
    "output: runs/a\n";

class TrainingChanges : public testing::Test {
 protected:
  Config load(const std::vector<std::string>& sets = {}) {
    write_file(folder_ / "run.yaml", kRun);
    return load_config(folder_ / "run.yaml", sets);
  }
  // A run of kRun, gone on with after these changes.
  std::string changes(const std::vector<std::string>& sets) {
    write_file(folder_ / "config.yaml", to_yaml(load()));
    return training_changes(folder_ / "config.yaml", load(sets));
  }
  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path;
};

TEST_F(TrainingChanges, NameTheKeysWithBothValues) {
  EXPECT_EQ(changes({"train.epochs=12"}), "train.epochs: 1, now 12");
  EXPECT_EQ(changes({"train.epochs=12", "train.lr=0.01"}), "train.epochs: 1, now 12; train.lr: 0.001, now 0.01");
  EXPECT_EQ(changes({"data.train.0.weight=2"}), "data.train.0.weight: 1, now 2");
  EXPECT_EQ(changes({"model.variant=vit_b"}), "model.variant: nothing, now vit_b");
  const std::string added = changes({"data.train=[{name: a, images: im, masks: gt}, {name: b, images: x, masks: y}]"});
  EXPECT_NE(added.find("data.train.1.name: not there, now b"), std::string::npos) << added;
}

TEST_F(TrainingChanges, LeaveOutWhatMayChange) {
  EXPECT_EQ(changes({}), "");
  EXPECT_EQ(changes({"output=elsewhere", "data.valid=[]", "train.save_minutes=1", "train.patience=3"}), "");
}

TEST_F(TrainingChanges, AreTheFirstFew) {
  const std::string many = changes({"train.epochs=2", "train.lr=0.1", "train.seed=1", "train.batch_size=3",
                                    "train.micro_batch=3", "train.precision=bf16", "train.deterministic=true"});
  EXPECT_NE(many.find("; and 1 more"), std::string::npos) << many;
}

TEST_F(TrainingChanges, AreNothingWithoutAConfigThatCanBeRead) {
  EXPECT_EQ(training_changes(folder_ / "absent.yaml", load()), "");
  write_file(folder_ / "odd.yaml", "train: {epoches: 1}\n");
  EXPECT_EQ(training_changes(folder_ / "odd.yaml", load()), "");
}

}  // namespace
}  // namespace hqsam
