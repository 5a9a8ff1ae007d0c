// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/run_log.h"

#include <gtest/gtest.h>

namespace hqsam {

TEST(RunLog, PassesOverLinesThatNestDeep) {
  RunLine line;
  ASSERT_TRUE(parse_run_line(R"({"type": "step", "step": 3, "loss": 0.5})", line));
  EXPECT_EQ(line.step, 3);
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse_run_line("{\"type\": \"step\", \"x\": " + objects + "1" + std::string(200'001, '}'), line));
  EXPECT_FALSE(parse_run_line("{\"type\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}", line));
}

}  // namespace hqsam
