// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/train/metrics_log.h"
#include "hqsam/train/run_state.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

const std::string kDeep = std::string(200'000, '[') + std::string(200'000, ']');

TEST(MetricsLog, DropsLinesThatNestDeep) {
  const testing_support::TemporaryFolder temporary;
  const auto path = temporary.path / "metrics.jsonl";
  const std::string kept = "{\"type\":\"step\",\"epoch\":1,\"step\":1}\n";
  write_file(path, kept + "{\"step\": 1, \"type\": " + kDeep + "}\n");
  cut_metrics(path, 1, 1, 0);
  EXPECT_EQ(read_file(path), kept);
}

TEST(RunState, RefusesJsonThatNestsDeep) { EXPECT_THROW(run_state_from_json("{\"version\": " + kDeep + "}"), Error); }

}  // namespace
}  // namespace hqsam
