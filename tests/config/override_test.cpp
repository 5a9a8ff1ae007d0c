// SPDX-License-Identifier: Apache-2.0
#include "hqsam/config/override.h"

#include <gtest/gtest.h>

#include "errors.h"
#include "hqsam/config/config.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {

TEST(Override, NamesTheOptionThatBroughtAValue) {
  const testing_support::TemporaryFolder temporary;
  const auto path = temporary.path / "run.yaml";
  write_file(path, "evaluate: {limit: 3}");
  const auto load = [&](const Override& option) {
    return load_config(path, {"evaluate.limit=4", "evaluate.protocol=reference"}, {option});
  };
  EXPECT_EQ(load({"--limit", "evaluate.limit", int64_t{7}}).evaluate.limit, 7);
  EXPECT_EQ(load({"--protocol", "evaluate.protocol", "keep_aspect"}).evaluate.protocol, Protocol::kKeepAspect);
  EXPECT_EQ(load({"--masks", "evaluate.masks", std::vector<std::string>{"hq", "sam"}}).evaluate.masks,
            (std::vector<MaskKind>{MaskKind::kHq, MaskKind::kSam}));
  const auto refusal = [&](const Override& option) { return error_of([&] { load(option); }); };
  EXPECT_EQ(refusal({"--limit", "evaluate.limit", int64_t{-7}}).find("[load_config] --limit -7: 'evaluate.limit'"), 0U);
  EXPECT_EQ(refusal({"--masks", "evaluate.masks", std::vector<std::string>{"hq", "all"}})
                .find("[load_config] --masks hq,all: 'evaluate.masks' is one of"),
            0U);
}

}  // namespace hqsam
