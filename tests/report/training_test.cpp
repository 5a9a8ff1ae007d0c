// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/core/file.h"
#include "hqsam/image/codec.h"
#include "hqsam/report/contact_sheet.h"
#include "hqsam/report/run_log.h"
#include "hqsam/report/training_monitor.h"
#include "hqsam/report/training_validations.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

using Json = nlohmann::ordered_json;

bool contains(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

size_t occurrences(const std::string& text, const std::string& words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

Json step_line(int64_t step) {
  return {{"type", "step"}, {"epoch", 1},       {"step", step},        {"loss", 2.0 / static_cast<double>(step)},
          {"loss_mask", 1}, {"lr", 0.001},      {"images_per_s", 5.0}, {"memory_gib", 1.5},
          {"skipped", 0},   {"seconds_left", 9}};
}

Json epoch_line(int64_t epoch, int64_t step, double score) {
  return {{"type", "epoch"},
          {"epoch", epoch},
          {"step", step},
          {"loss", 0.25},
          {"images_per_s", 5.0},
          {"lr", 0.001},
          {"valid", {{"hq.mbiou", score}, {"hq.miou", 80}, {"thin<s>/hq.mbiou", 50}}},
          {"score", score}};
}

class TrainingFolder : public ::testing::Test {
 protected:
  TrainingMonitorOptions options() {
    EvaluateOptions evaluate;
    evaluate.masks = {MaskKind::kHq};
    return {
        folder, {{"thin<s>", ellipses(5)}, {"COIFT", ellipses(3, "c")}}, evaluate, 3, {"A & B", {{"sets", "x<y"}}, 4}};
  }
  // As a run does: the log first, then its hooks.
  void log(TrainingMonitor& monitor, const Json& line) {
    std::ofstream(folder / "metrics.jsonl", std::ios::app) << line.dump() << "\n";
    monitor.line(line);
  }
  void run_epoch(TrainingMonitor& monitor, int64_t epoch, int64_t steps = 4) {
    for (int64_t i = 1; i <= steps; ++i) log(monitor, step_line((epoch - 1) * steps + i));
    monitor.validated(model);
    log(monitor, epoch_line(epoch, epoch * steps, 60 + static_cast<double>(epoch)));
  }
  size_t event_files() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "tensorboard"))
      count += entry.is_regular_file();
    return count;
  }

  TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path;
  SamHq model = tiny_model();
};

}  // namespace

TEST(RunLog, ReadsNumbersAndLeavesOutWhatIsNoLine) {
  RunLine line;
  ASSERT_TRUE(parse_run_line(epoch_line(2, 8, 61).dump(), line));
  EXPECT_EQ(line.epoch, 2);
  EXPECT_EQ(line.step, 8);
  EXPECT_EQ(line.numbers.at("loss"), 0.25);
  EXPECT_EQ(line.valid.at("thin<s>/hq.mbiou"), 50);
  ASSERT_TRUE(parse_run_line("{\"type\":\"step\",\"loss\":null,\"step\":1e300,\"a\":{\"b\":2}}", line));
  EXPECT_EQ(line.step, 0);
  EXPECT_EQ(line.numbers, (std::map<std::string, double>{{"a.b", 2}}));
  for (const char* text : {"", "{", "[]", "3", "{\"step\":1}", "{\"type\":7}", "{\"type\":\"step\",\"lo"}) {
    EXPECT_FALSE(parse_run_line(text, line)) << text;
  }
}

TEST_F(TrainingFolder, GetsAReportWithEveryEpoch) {
  write_file(folder / "config.yaml", "train:\n  epochs: <2>\n");
  TrainingMonitor monitor(options());
  run_epoch(monitor, 1);
  const std::string first = read_file(folder / "report.html");
  run_epoch(monitor, 2);
  const std::string html = read_file(folder / "report.html");
  EXPECT_EQ(html.find("<!doctype html>"), 0U);
  EXPECT_FALSE(contains(html, "http") || contains(html, "<script") || contains(html, "<link"));
  EXPECT_TRUE(contains(html, "A &amp; B") && contains(html, "x&lt;y") && contains(html, "  epochs: &lt;2&gt;\n"));
  EXPECT_TRUE(contains(html, "HQ from 61 to 62"));  // the only set's own line would say the same
  EXPECT_FALSE(contains(html, "thin&lt;s&gt;, HQ"));
  EXPECT_TRUE(contains(html, "mBIoU in validation") && contains(html, "Memory, GiB, peak"));
  EXPECT_FALSE(contains(html, "seconds_left"));
  EXPECT_TRUE(contains(html, "<b>62.00</b>"));  // the best score
  EXPECT_TRUE(contains(html, "<dt>mIoU</dt>") && contains(html, "<dt>best.pth</dt>"));
  EXPECT_EQ(occurrences(first, "<img "), 3U * 2);
  EXPECT_EQ(occurrences(html, "<img "), 3U * 3);
  EXPECT_TRUE(contains(html, "<b>Step 8</b> IoU "));
}

TEST_F(TrainingFolder, ShowsSamBesideHqFromTheStart) {
  TrainingMonitor monitor(options());
  monitor.measured_start(model);
  log(monitor, {{"type", "valid"},
                {"epoch", 1},
                {"step", 0},
                {"valid", {{"sam.mbiou", 40.5}, {"sam.miou", 70}, {"sam.ap", 0}}},
                {"pictures", 8},
                {"masks", 20}});
  const std::string begun = read_file(folder / "report.html");
  EXPECT_TRUE(contains(begun, "mBIoU of SAM, before the first step") && contains(begun, "<b>40.5</b>"));
  EXPECT_TRUE(contains(begun, "<b>20 masks of 8 pictures</b>"));

  const auto validated = [&](int64_t epoch, double low) {
    Json line = epoch_line(epoch, 4 * epoch, 60);
    line["valid"]["sam.mbiou"] = 40.5;
    line["valid"]["sam.miou"] = 70;
    line["valid"]["hq.ap"] = 0;
    line["gains"]["hq-sam.mbiou"] = {{"mean", 19.5}, {"low", low}, {"high", 25}};
    log(monitor, line);
    return read_file(folder / "report.html");
  };
  const std::string unclear = validated(1, -1), clear = validated(2, 14);
  EXPECT_TRUE(contains(unclear, "<b><span class=\"soft\">+19.50</span></b>")) << "green although 0 is within";
  EXPECT_TRUE(contains(unclear, "[-1.00, +25.00]: holds 0, so these masks cannot tell"));
  EXPECT_TRUE(contains(clear, "<b><span class=\"gain\">+19.50</span></b>"));
  EXPECT_TRUE(contains(clear, "mBIoU of HQ, SAM 40.5, last validation"));
  EXPECT_TRUE(contains(clear, "SAM from 40.5 to 40.5") && contains(clear, "HQ from 60 to 60"));
  EXPECT_TRUE(contains(clear, "0 in every validation: AP."));
  EXPECT_TRUE(contains(clear, "<th scope=\"row\">SAM</th>") && contains(clear, "mBIoU &minus; SAM"));
  EXPECT_TRUE(contains(clear, "<figcaption><b>SAM</b> IoU "));
  EXPECT_LT(clear.find("mIoU in validation"), clear.find("mBIoU in validation"));
}

TEST_F(TrainingFolder, ComparesWithTheStartWhereSamItselfTrains) {
  TrainingMonitor monitor(options());
  log(monitor, {{"type", "valid"}, {"epoch", 1}, {"step", 0}, {"valid", {{"start.mbiou", 10}}}});
  Json line = epoch_line(1, 4, 30);
  line["valid"] = {{"sam.mbiou", 30}, {"start.mbiou", 10}};
  line["gains"]["sam-start.mbiou"] = {{"mean", 20}, {"low", 18}, {"high", 22}};
  log(monitor, line);
  const std::string html = read_file(folder / "report.html");
  EXPECT_TRUE(contains(html, "mBIoU of SAM, at the start 10.0, last validation"));
  EXPECT_TRUE(contains(html, "mBIoU over the start [+18.00, +22.00]"));
}

TEST(TrainingValidations, SayNothingTwiceWhereThereIsOneSet) {
  using Numbers = std::map<std::string, double>;
  EXPECT_EQ(without_doubles({{"hq.miou", 1}, {"a/hq.miou", 1}, {"sam.miou", 2}, {"a/sam.miou", 2}}),
            (Numbers{{"hq.miou", 1}, {"sam.miou", 2}}));
  const Numbers two = {{"hq.miou", 1}, {"a/hq.miou", 1}, {"b/hq.miou", 1}};
  EXPECT_EQ(without_doubles(two), two);
  EXPECT_EQ(without_doubles({{"a/hq.ap", 1}}), (Numbers{{"a/hq.ap", 1}}));
}

TEST_F(TrainingFolder, DrawsTheSameSamplesEachTime) {
  TrainingMonitor monitor(options());
  run_epoch(monitor, 1);
  run_epoch(monitor, 2);
  const auto pictures = read_training_pictures(folder, 8);
  ASSERT_EQ(pictures.size(), 9U);
  for (size_t sample = 0; sample < 3; ++sample) {
    EXPECT_EQ(pictures[3 * sample].step, -1);
    EXPECT_EQ(pictures[3 * sample + 1].step, 4);
    EXPECT_EQ(pictures[3 * sample + 2].step, 8);
    EXPECT_EQ(pictures[3 * sample].name, pictures[3 * sample + 2].name);
    EXPECT_EQ(pictures[3 * sample + 1].iou, pictures[3 * sample + 2].iou);  // the weights are the same
    EXPECT_EQ(read_file(folder / "samples" / pictures[3 * sample + 1].file),
              read_file(folder / "samples" / pictures[3 * sample + 2].file));
  }
  EXPECT_EQ(pictures[0].set, "thin<s>");
  EXPECT_EQ(pictures[8].set, "COIFT");
}

TEST_F(TrainingFolder, LeavesOutPicturesThatAResumedRunHasNotReached) {
  {
    TrainingMonitor monitor(options());
    run_epoch(monitor, 1);
    run_epoch(monitor, 2);
  }
  EXPECT_EQ(event_files(), 1U);
  std::string cut;  // back to the fourth step, and a line that a kill cut short
  for (int64_t step = 1; step <= 4; ++step) cut += step_line(step).dump() + "\n";
  write_file(folder / "metrics.jsonl", cut + "{\"type\":\"st");
  TrainingMonitor resumed(options());
  resumed.validated(model);
  EXPECT_EQ(event_files(), 2U);
  log(resumed, epoch_line(1, 4, 61));
  EXPECT_EQ(read_training_pictures(folder, 4).size(), 6U);
  EXPECT_FALSE(contains(read_file(folder / "report.html"), "<b>Step 8</b>"));
}

TEST_F(TrainingFolder, ReadsPicturesOfADamagedIndex) {
  TrainingMonitor monitor(options());
  run_epoch(monitor, 1);
  std::ofstream(folder / "samples" / "index.jsonl", std::ios::app)
      << "{\"sample\":0,\"file\":\"../metrics.jsonl\",\"set\":\"a\",\"name\":\"b\"}\n"
      << "{\"sample\":0,\"step\":\"x\",\"file\":\"truth_0.jpg\",\"set\":\"a\",\"name\":\"b\"}\n[]\n{\"sam";
  std::filesystem::remove(folder / "samples" / "truth_1.jpg");
  EXPECT_EQ(read_training_pictures(folder, 100).size(), 5U);
  EXPECT_TRUE(read_training_pictures(folder / "none", 100).empty());
}

TEST_F(TrainingFolder, ReportCanBeWrittenOfAnEmptyRun) {
  write_training_report(folder);
  EXPECT_TRUE(contains(read_file(folder / "report.html"), "<h1>Training</h1>"));
}

TEST_F(TrainingFolder, GoesOnWhereNothingCanBeWritten) {
  write_file(folder / "tensorboard", "in the way");
  write_file(folder / "samples", "in the way");
  std::filesystem::create_directories(folder / "report.html" / "in the way");
  TrainingMonitor monitor(options());
  EXPECT_NO_THROW(run_epoch(monitor, 1));
}

TEST_F(TrainingFolder, ContactSheetShowsMasksAndWhatCannotBeRead) {
  auto samples = std::vector<Sample>{sample_of("good<1>", waves(60, 80), {ellipse(60, 80, 40, 30, 20, 15)}),
                                     sample_of("broken", {}, {})};
  CheckedSet checked{{"a & b", std::make_shared<MemoryDataset>(samples)}, {}};
  checked.report = check_dataset(*checked.set.dataset);
  write_contact_sheet(folder / "sheet.html", {checked});
  const std::string html = read_file(folder / "sheet.html");
  EXPECT_TRUE(contains(html, "<h2>a &amp; b</h2>") && contains(html, "good&lt;1&gt;.jpg"));
  EXPECT_EQ(occurrences(html, "<img "), 1U);
  EXPECT_EQ(occurrences(html, "cannot be read</p>"), 1U);
  EXPECT_TRUE(contains(html, "problems <b>1</b>"));
}

}  // namespace hqsam
