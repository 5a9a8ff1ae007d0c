// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/group.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "hqsam/core/error.h"

namespace hqsam {

TEST(Group, OfOneNeedsNoNetworkAndChangesNothing) {
  const auto group = make_group();
  EXPECT_EQ(group->rank(), 0);
  EXPECT_EQ(group->size(), 1);
  const auto tensor = torch::arange(4.0);
  group->all_reduce_sum(tensor);
  group->broadcast(tensor, 0);
  EXPECT_TRUE(torch::equal(tensor, torch::arange(4.0)));
  EXPECT_EQ(group->all_gather_bytes("mine"), std::vector<std::string>{"mine"});
}

TEST(Group, RefusesAWorldItCannotServe) {
  setenv("WORLD_SIZE", "2", 1);
  EXPECT_THROW(make_group(), Error);
  unsetenv("WORLD_SIZE");
}

}  // namespace hqsam
