// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/starter.h"

#include <gtest/gtest.h>

#include "hqsam/config/config.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

class Starter : public testing::Test {
 protected:
  std::string yaml(int64_t pictures, double masks, const std::filesystem::path& data) {
    FoundSets sets;
    sets.train.emplace_back();
    sets.train.front().name = "train";
    sets.train.front().images = folder_ / "my_data" / "im";
    sets.what = "pictures";
    return starter_yaml(sets, {pictures, masks, pictures, ""}, folder_, "sam.pth", data);
  }
  Config config(int64_t pictures, double masks) {
    write_file(folder_ / "train.yaml", yaml(pictures, masks, folder_ / "my_data"));
    return load_config(folder_ / "train.yaml");
  }
  testing_support::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path;
};

bool contains(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

TEST_F(Starter, NamesTheRunAfterTheData) {
  std::filesystem::create_directories(folder_ / "my_data");
  write_file(folder_ / "my_data" / "data.yaml", "names: [a]\n");
  write_file(folder_ / "instances.json", "{}");
  EXPECT_TRUE(contains(yaml(10, 10, folder_ / "my_data"), "output: runs/my_data\n"));
  EXPECT_TRUE(contains(yaml(10, 10, folder_ / "my_data/"), "output: runs/my_data\n"));
  EXPECT_TRUE(contains(yaml(10, 10, folder_ / "my_data" / "data.yaml"), "output: runs/my_data\n"));
  EXPECT_TRUE(contains(yaml(10, 10, folder_ / "instances.json"), "output: runs/instances\n"));
}

TEST_F(Starter, ChoosesBatchAndEpochsByTheRowsOfAnEpoch) {
  const Config few = config(26, 26), one = config(1, 1), many_masks = config(25, 1000), many = config(50000, 50000);
  EXPECT_EQ(few.train.batch_size, 4);
  EXPECT_EQ(few.train.epochs, 153);
  EXPECT_EQ(one.train.batch_size, 1);
  EXPECT_EQ(many_masks.train.batch_size, 16);  // of 1000 rows, not of 25 pictures
  EXPECT_EQ(many_masks.train.epochs, 40);
  EXPECT_EQ(many_masks.train_sets.front().per_picture, 0);
  EXPECT_EQ(many.train.batch_size, 32);
  EXPECT_EQ(many.train.epochs, 12);
}

}  // namespace
}  // namespace hqsam
