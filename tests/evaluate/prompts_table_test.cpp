// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/prompts_table.h"

#include <gtest/gtest.h>

#include "golden.h"
#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

namespace fs = std::filesystem;

class PromptsTable : public testing::Test {
 protected:
  // Results of one model: a box, two clicks, and a rough mask of 60 and 50.
  fs::path write(const std::string& name, double iou, bool hq, const char* last = "y") const {
    std::string box, clicks, rough;
    for (const std::string file : {"x", last}) {
      const std::string head = fmt::format(R"({{"set":"a","file":"{}","mask":0)", file);
      const auto scores = [&](double value) { return fmt::format(R"("iou":{},"biou":{})", value, value / 2); };
      for (const char* kind : {"sam", "hq"}) {
        if (kind[0] == 'h' && !hq) continue;
        const double own = kind[0] == 'h' ? iou + 10 : iou;
        box += (kind[0] == 's' ? head : "") + fmt::format(R"(,"{}":{{{}}})", kind, scores(own));
        clicks += (kind[0] == 's' ? head : "") + fmt::format(R"(,"{}":{{{},"clicks":[{},{}],"clicks_biou":[{},{}]}})",
                                                             kind, scores(own + 1), own, own + 1, own / 2, own / 2 + 1);
        rough += (kind[0] == 's' ? head : "") + fmt::format(R"(,"{}":{{{}}})", kind, scores(own + 5));
      }
      box += "}\n", clicks += "}\n",
          rough += R"(,"prompt":{"iou":60,"biou":50}})"
                   "\n";
    }
    for (const auto& [prompt, lines] : {std::pair{"box", box}, {"clicks", clicks}, {"rough_mask", rough}}) {
      fs::create_directories(temporary_.path / name / prompt);
      write_file(temporary_.path / name / prompt / "samples.jsonl", lines);
    }
    return temporary_.path / name;
  }
  TemporaryFolder temporary_;
};

TEST_F(PromptsTable, HasALineForEachKindAndAColumnForEachPromptAndClick) {
  const std::string table = prompts_table({{"old", {write("old", 40, true)}}, {"base", {write("base", 41, false)}}});
  const auto has = [&](const std::string& line) { EXPECT_NE(table.find(line), std::string::npos) << line << table; };
  has("| mIoU | box | clicks 1 | clicks 2 | rough_mask |\n| --- | ---: | ---: | ---: | ---: |\n");
  has("| old sam | 40.0 | 40.0 | 41.0 | 45.0 |\n");
  has("| old hq | 50.0, +10.0 [+10.0, +10.0] | 50.0, +10.0");
  has("| base sam | 41.0, +1.0 [+1.0, +1.0] |");
  has("| mBIoU | box |");
  has("| old sam | 20.0 | 20.0 | 21.0 | 22.5 |\n");
  has("| over the mask given | rough_mask |");
  has("| the mask given | 60.0, 50.0 |");
  has("| old hq | mIoU -5.0 [-5.0, -5.0], mBIoU -22.5 [-22.5, -22.5] |");
}

TEST_F(PromptsTable, AveragesTrainingsThatWereRepeated) {
  const std::string table = prompts_table({{"two", {write("one", 40, false), write("two", 50, false)}}});
  EXPECT_NE(table.find("| two sam | 45.0 | 45.0 | 46.0 | 50.0 |"), std::string::npos) << table;
}

TEST_F(PromptsTable, RefusesOtherDataAndOtherFolders) {
  const auto first = write("first", 40, true), other = write("other", 40, true, "z");
  EXPECT_NE(message_of([&] {
              prompts_table({{"a", {first}}, {"b", {other}}});
            }).find("results of other data"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              prompts_table({{"a", {first / "box"}}});
            }).find("holds no folder of results per prompt"),
            std::string::npos);
  EXPECT_NE(message_of([&] { prompts_table({{"a", {}}}); }).find("has no folder"), std::string::npos);
  fs::remove_all(other / "clicks");
  write_file(other / "box" / "samples.jsonl", "{\"set\": 1}\n");
  EXPECT_NE(message_of([&] {
              prompts_table({{"a", {other}}});
            }).find("not a line of samples.jsonl"),
            std::string::npos);
}

}  // namespace
}  // namespace hqsam
