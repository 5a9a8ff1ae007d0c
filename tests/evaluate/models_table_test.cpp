// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/core/file.h"
#include "hqsam/evaluate/compare.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

namespace fs = std::filesystem;

class ModelsTable : public testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& samples) const {
    fs::create_directories(folder_ / name);
    write_file(folder_ / name / "samples.jsonl", samples);
    return folder_ / name;
  }
  // A line per mask, percent.
  static std::string line(const char* file, const char* kind, double iou, double biou) {
    return fmt::format(R"({{"set":"a","file":"{}","mask":0,"{}":{{"iou":{},"biou":{},"biou_strict":1}}}})", file, kind,
                       iou, biou) +
           "\n";
  }
  TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

}  // namespace

TEST_F(ModelsTable, AveragesRepeatedRunsAndPairsWithTheFirstRow) {
  const auto sam = write("sam", line("x", "sam", 40, 20) + line("y", "sam", 60, 40));
  const auto one = write("one", line("y", "hq", 70, 60) + line("x", "hq", 50, 40));
  const auto two = write("two", line("x", "hq", 52, 44) + line("y", "hq", 72, 64));
  const std::string table = models_table({{"SAM", {sam}}, {"HQ token", {one}}, {"HQ token, again", {one, two}}});
  EXPECT_NE(table.find("| SAM | 1 | 50.0 [40.0, 60.0] | 30.0 [20.0, 40.0] | | |"), std::string::npos) << table;
  EXPECT_NE(table.find("| HQ token | 1 | 60.0 [50.0, 70.0] | 50.0 [40.0, 60.0] | +10.0 [+10.0, +10.0] | "
                       "+20.0 [+20.0, +20.0] |"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("| HQ token, again | 2, mBIoU 50.0 to 54.0 | 61.0 [51.0, 71.0] | 52.0 [42.0, 62.0] | "
                       "+11.0 [+11.0, +11.0] | +22.0 [+22.0, +22.0] |"),
            std::string::npos)
      << table;
}

TEST_F(ModelsTable, TakesHqMasksWhereThereAreSome) {
  EvaluateResult both = result_of("a", {{0.5, 0.9}, {0.7, 0.8}});
  const auto folder = write("both", samples_jsonl(both));
  EXPECT_NE(models_table({{"HQ", {folder}}}).find("| HQ | 1 | 85.0 [80.0, 90.0] |"), std::string::npos);
}

TEST_F(ModelsTable, RefusesOtherData) {
  const auto sam = write("sam", line("x", "sam", 40, 20) + line("y", "sam", 60, 40));
  const auto other = write("other", line("x", "hq", 40, 20) + line("z", "hq", 60, 40));
  const auto fewer = write("fewer", line("x", "hq", 40, 20));
  const auto sum = write("sum", line("x", "sum", 40, 20) + line("y", "sum", 60, 40));
  for (const auto& folder : {other, fewer}) {
    const std::string message = message_of([&] { models_table({{"SAM", {sam}}, {"b", {folder}}}); });
    EXPECT_NE(message.find("results of other data"), std::string::npos) << message;
    EXPECT_NE(message_of([&] { models_table({{"b", {sam, folder}}}); }), "");
  }
  EXPECT_NE(message_of([&] { models_table({{"b", {sum}}}); }).find("has no sam mask"), std::string::npos);
  EXPECT_NE(message_of([&] {
              models_table({{"b", {folder_ / "absent"}}});
            }).find("no samples.jsonl"),
            std::string::npos);
  EXPECT_NE(message_of([&] { models_table({{"b", {}}}); }), "");
}

}  // namespace hqsam
