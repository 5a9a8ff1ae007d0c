// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/check.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace hqsam {
namespace {

// One sample for each thing that can be wrong, and two good ones.
class FaultyDataset : public Dataset {
 public:
  int64_t size() const override { return 9; }
  std::string path(int64_t index) const override { return "faulty/" + std::to_string(index) + ".jpg"; }
  Sample get(int64_t index) const override {
    const Size size = {20 + 10 * index, 40};
    Sample sample{"faulty", std::to_string(index), path(index), Image(size.height, size.width, 3), {}};
    switch (index) {
      case 0:
        fail("FaultyDataset", "{} is cut off", path(index));
      case 1:
        break;  // no mask
      case 2:
        sample.labels.push_back(Image(size.height, size.width, 1));
        break;
      case 3:
        sample.labels.push_back(label_with_square(size, 5, 5, 10, 128));
        break;
      case 4:
        sample.labels.push_back(label_with_square(size, 5, 5, 3));
        break;
      case 5:
        sample.labels.push_back(Image(size.height, size.width, 1, 255));
        break;
      case 6:
        sample.labels.push_back(label_with_square(size, 5, 5, 10));
        sample.zero_one_labels = 1;
        break;
      default:
        sample.labels.push_back(label_with_square(size, 5, 5, 10));
        sample.labels.push_back(label_with_square(size, 20, 5, 10));
    }
    return sample;
  }
};

}  // namespace

TEST(CheckDataset, FindsEachProblemOnceAndGoesOn) {
  const CheckReport report = check_dataset(FaultyDataset{});
  EXPECT_EQ(report.samples, 9);
  EXPECT_EQ(report.masks, 9);  // 5 of the samples 2 to 6, 2 of each good one
  ASSERT_EQ(report.problems.size(), 7u);
  const Problem expected[] = {Problem::kError, Problem::kNoMask,    Problem::kEmpty,  Problem::kFaint,
                              Problem::kTiny,  Problem::kAllInside, Problem::kZeroOne};
  for (int64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(report.problems[i].problem, expected[i]);
    EXPECT_EQ(report.problems[i].path, "faulty/" + std::to_string(i) + ".jpg");
    EXPECT_EQ(report.count(expected[i]), 1);
  }
  EXPECT_PRED2(contains, report.problems[0].message, "is cut off");
  EXPECT_PRED2(contains, report.problems[4].message, "9 pixels");
}

TEST(CheckDataset, SumsUpSizesAndInsideShares) {
  const CheckReport report = check_dataset(MemoryDataset(5, {60, 80}));
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.median, (Size{60, 80}));
  EXPECT_NEAR(report.mean_inside_share, 900.0 / 4800, 1e-12);
  const CheckReport sizes = check_dataset(FaultyDataset{});
  EXPECT_EQ(sizes.smallest, (Size{30, 40}));
  EXPECT_EQ(sizes.median, (Size{70, 40}));
  EXPECT_EQ(sizes.largest, (Size{100, 40}));
}

TEST(CheckDataset, ReportsTheSameWithAnyNumberOfWorkers) {
  const CheckReport one = check_dataset(FaultyDataset{}), four = check_dataset(FaultyDataset{}, {.workers = 4});
  ASSERT_EQ(one.problems.size(), four.problems.size());
  for (size_t i = 0; i < one.problems.size(); ++i) EXPECT_EQ(one.problems[i].message, four.problems[i].message);
  EXPECT_EQ(one.mean_inside_share, four.mean_inside_share);
}

TEST(CheckDataset, RefusesOptionsOutOfRange) {
  EXPECT_THROW(check_dataset(MemoryDataset(1), {.workers = 0}), Error);
  EXPECT_THROW(check_dataset(MemoryDataset(1), {.tiny = -1}), Error);
}

TEST(ProblemName, NamesEveryProblem) {
  EXPECT_EQ(problem_name(Problem::kError), "error");
  EXPECT_EQ(problem_name(Problem::kZeroOne), "0/1 mask");
}

}  // namespace hqsam
