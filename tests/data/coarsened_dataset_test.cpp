// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/coarsened_dataset.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"

namespace hqsam {

TEST(CoarsenedDataset, ChangesTheMasksAndNothingElse) {
  const auto fine = std::make_shared<MemoryDataset>(3);
  const CoarsenedDataset coarse(fine, 7);
  ASSERT_EQ(coarse.size(), 3);
  const Sample before = fine->get(1), after = coarse.get(1);
  EXPECT_EQ(coarse.path(1), fine->path(1));
  EXPECT_EQ(after.name, before.name);
  EXPECT_EQ(after.image, before.image);
  ASSERT_EQ(after.labels.size(), 1u);
  EXPECT_EQ(after.labels[0].size(), before.labels[0].size());
  EXPECT_NE(after.labels[0], before.labels[0]);
}

TEST(CoarsenedDataset, DrawsASamplesMaskAlwaysAlike) {
  const auto fine = std::make_shared<MemoryDataset>(3);
  EXPECT_EQ(CoarsenedDataset(fine, 7).get(2).labels, CoarsenedDataset(fine, 7).get(2).labels);
  EXPECT_NE(CoarsenedDataset(fine, 7).get(2).labels, CoarsenedDataset(fine, 8).get(2).labels);
}

}  // namespace hqsam
