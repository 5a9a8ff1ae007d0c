// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/report.h"

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/core/file.h"
#include "hqsam/report/html.h"
#include "hqsam/report/interval_plot.h"
#include "hqsam/report/panels.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

size_t occurrences(const std::string& text, const std::string& words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}
bool contains(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST(Html, EscapesMarkupAndBrokenText) {
  EXPECT_EQ(escape_html("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escape_html("h\xC3\xA9 \xE2\x82\xAC"), "h\xC3\xA9 \xE2\x82\xAC");
  EXPECT_EQ(escape_html("x\xFFy\xC3"), "x\xEF\xBF\xBDy\xEF\xBF\xBD");
  EXPECT_EQ(escape_html("tab\there"), "tab here");
}

TEST(IntervalPlot, HasALinePerRowAndStaysFinite) {
  const std::string plot = interval_plot({{"a<b", {1, -0.5, 2.5}}, {"a name much too long for its place", {0, 0, 0}}});
  EXPECT_EQ(occurrences(plot, "class=\"bar\""), 2U);
  EXPECT_EQ(occurrences(plot, "class=\"zero\""), 1U);
  EXPECT_TRUE(contains(plot, "a&lt;b"));
  EXPECT_FALSE(contains(plot, "too long for its place"));
  for (const auto& rows : {std::vector<IntervalRow>{{"zero", {0, 0, 0}}}, {{"below", {-40, -80, -20}}}}) {
    const std::string edge = interval_plot(rows);
    EXPECT_FALSE(contains(edge, "nan") || contains(edge, "inf")) << edge;
  }
}

TEST(Galleries, ShowChangesThenTheBestAndTheWorstOfTheRest) {
  std::vector<std::pair<double, double>> scores;  // gains of -0.5, -0.4, ..., 0.5
  for (int i = 0; i <= 10; ++i) scores.push_back({0.5, 0.1 * i});
  const auto galleries = choose_galleries(result_of("a", scores), 3);
  ASSERT_EQ(galleries.size(), 4U);
  EXPECT_EQ(galleries[0].samples, (std::vector<size_t>{10, 9, 8}));
  EXPECT_EQ(galleries[1].samples, (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(galleries[2].samples, (std::vector<size_t>{7, 6, 5}));
  EXPECT_EQ(galleries[3].samples, (std::vector<size_t>{3, 4}));
}

TEST(Galleries, ShowNoLossesWhereThereAreNone) {
  const auto galleries = choose_galleries(result_of("a", {{0.5, 0.6}, {0.5, 0.7}, {0.5, 0.5}}), 6);
  ASSERT_EQ(galleries.size(), 2U);
  EXPECT_EQ(galleries[0].title, "Most gained");
  EXPECT_EQ(galleries[0].samples, (std::vector<size_t>{1, 0}));
  EXPECT_EQ(galleries[1].title, "Best");
  EXPECT_EQ(galleries[1].samples, (std::vector<size_t>{2}));
  const auto one = choose_galleries(result_of("a", {{0.5, 0.6}}), 6);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_TRUE(choose_galleries(result_of("a", {{0.5, 0.6}}), 0).empty());
}

TEST(ComparisonPicture, HasAPanelForPromptTruthSamAndHq) {
  SamHq model = tiny_model();
  const Sample sample = sample_of("a", waves(200, 300), {ellipse(200, 300, 150, 90, 90, 70)});
  EvaluateOptions options;
  const SampleResult scores{
      "a", "a", sample.image_path, 0, {{MaskKind::kSam, {0.5, 0.4}}, {MaskKind::kHq, {0.9, 0.8}}}};
  const SampleMasks all = evaluate_sample(model, sample, 0, options);
  const auto panels = comparison_panels(sample, 0, all, scores);
  ASSERT_EQ(panels.size(), 4U);
  EXPECT_EQ(panels[3].name, "HQ");
  ASSERT_TRUE(panels[3].scores.has_value());
  EXPECT_EQ(panels[3].scores->iou, 0.9);
  EXPECT_NE(panels[0].image, sample.image);  // the box is drawn
  EXPECT_NE(panels[1].image, sample.image);
  const Image picture = comparison_picture(sample, 0, all, scores);
  EXPECT_GE(picture.width, 4 * 300);
  EXPECT_EQ(picture.channels, 3);

  options.masks = {MaskKind::kSam, MaskKind::kSum};
  const auto of_sum = comparison_panels(sample, 0, evaluate_sample(model, sample, 0, options), scores);
  ASSERT_EQ(of_sum.size(), 4U);
  EXPECT_EQ(of_sum[3].name, "SAM + HQ");
  EXPECT_FALSE(of_sum[3].scores.has_value());
  EXPECT_THROW(comparison_picture(sample, 1, all, scores), Error);
}

class Report : public ::testing::Test {
 protected:
  std::string write(const ReportOptions& report = {"A & <B>", "runs/x<1>.pth", 2}) {
    const std::shared_ptr<Group> group = make_group();
    result = evaluate(model, sets, options, *group);
    write_evaluation_report(path, model, sets, result, options, report);
    return read_file(path);
  }
  TemporaryFolder temporary;
  const std::filesystem::path path = temporary.path / "report.html";
  SamHq model = tiny_model();
  std::vector<NamedDataset> sets = {{"thin <things>", ellipses(6, "p<")}, {"COIFT", ellipses(4, "c")}};
  EvaluateOptions options;
  EvaluateResult result;
};

TEST_F(Report, IsOneSelfContainedPage) {
  const std::string html = write();
  EXPECT_EQ(html.find("<!doctype html>"), 0U);
  EXPECT_FALSE(contains(html, "http"));
  EXPECT_FALSE(contains(html, "<script"));
  EXPECT_FALSE(contains(html, "<link"));
  EXPECT_TRUE(contains(html, "prefers-color-scheme:dark"));
  EXPECT_TRUE(contains(html, "name=\"viewport\""));
  EXPECT_TRUE(contains(html, "data:image/jpeg;base64,/9j/"));
}

TEST_F(Report, NamesEverySetAndEscapesWhatItPrints) {
  const std::string html = write();
  EXPECT_TRUE(contains(html, "thin &lt;things&gt;"));
  EXPECT_TRUE(contains(html, "COIFT"));
  EXPECT_TRUE(contains(html, "A &amp; &lt;B&gt;"));
  EXPECT_TRUE(contains(html, "runs/x&lt;1&gt;.pth"));
  EXPECT_FALSE(contains(html, "<things>"));
  EXPECT_FALSE(contains(html, "p<"));
  EXPECT_TRUE(contains(html, "SAM + HQ"));
  EXPECT_TRUE(contains(html, "pooled"));
}

TEST_F(Report, ShowsPicturesOfEachGallery) {
  const std::string html = write();
  const size_t with = occurrences(html, "<img ");
  EXPECT_EQ(occurrences(html, "HQ token looks at</b>"), 4U);
  EXPECT_EQ(occurrences(html, "HQ, boundary</b>"), occurrences(html, "class=\"third\"") + 0U);
  EXPECT_EQ(occurrences(html, " alt=\""), with);
  EXPECT_GE(with, 4U * 6U);
  EXPECT_LE(with, 8U * 8U);
  EXPECT_EQ(occurrences(write({"t", "c", 0}), "<img "), 0U);
}

TEST_F(Report, CanBeOfSamAloneOrOfOtherPrompts) {
  options.masks = {MaskKind::kSam};
  const std::string sam = write();
  EXPECT_FALSE(contains(sam, "Difference to SAM"));
  EXPECT_TRUE(contains(sam, "panels three"));
  options.masks = {MaskKind::kHq};
  options.prompt = PromptType::kPoints;
  EXPECT_TRUE(contains(write(), "<b>points_10</b>"));
  options.masks = {MaskKind::kSam, MaskKind::kSum};
  options.prompt = PromptType::kNoisyMask;
  EXPECT_TRUE(contains(write(), "<b>noisy_mask</b>"));
}

TEST_F(Report, DrawsClicksWhereThereAreAny) {
  EXPECT_FALSE(contains(write({.title = "t", .gallery = 0}), "aria-label=\"Clicks"));
  for (SampleResult& sample : result.samples) {
    for (auto& [kind, scores] : sample.scores)
      scores.click_ious = {0.5, 0.75}, scores.click_boundary_ious = {0.25, 0.5};
  }
  options.clicks = 2;
  write_evaluation_report(path, model, sets, result, options, {.title = "t", .gallery = 0});
  EXPECT_TRUE(contains(read_file(path), "aria-label=\"Clicks; SAM from 50 to 75"));
}

TEST_F(Report, CanBeOfAveragePrecisionAlone) {
  result = {};
  result.sets.push_back({"COCO", 3, 0, {{MaskKind::kHq, {{"ap", 41.5}, {"ap_b", 30.25}}}}});
  result.mean = result.sets[0].metrics;
  write_evaluation_report(path, model, sets, result, options, {.title = "t"});
  const std::string html = read_file(path);
  EXPECT_TRUE(contains(html, "41.50") && contains(html, "30.25") && contains(html, ">AP_B<") &&
              contains(html, "&ndash;"));
  EXPECT_FALSE(contains(html, "Recall over boundary IoU"));
}

TEST_F(Report, HasMetricsInKnownOrderAndFoldsZerosAway) {
  result = {};
  result.sets.push_back(
      {"COCO", 3, 0, {{MaskKind::kHq, {{"ap_b", 30.25}, {"ap50", 50}, {"ap", 41.5}, {"ap_s", 0}, {"ap_r", 0}}}}});
  result.mean = result.sets[0].metrics;
  write_evaluation_report(path, model, sets, result, options, {.title = "t"});
  const std::string html = read_file(path);
  EXPECT_LT(html.find(">AP<"), html.find(">AP50<"));
  EXPECT_LT(html.find(">AP50<"), html.find(">AP_B<"));
  EXPECT_TRUE(contains(html, "0 throughout: AP, small; AP, rare.")) << html.substr(html.find("0 throughout"), 80);
  EXPECT_FALSE(contains(html, ">AP, small<"));
  EXPECT_TRUE(contains(html, "measured <b>3 pictures</b>"));
}

TEST_F(Report, HasAGreenHeadlineOnlyWhereTheIntervalLeavesOutZero) {
  const auto page = [&](double second) {
    result = result_of("COIFT", {{0.5, 0.6}, {0.5, second}, {0.5, 0.65}});
    for (SampleResult& sample : result.samples) sample.scores[MaskKind::kSum] = sample.scores.at(MaskKind::kHq);
    write_evaluation_report(path, model, sets, result, options, {.title = "t", .gallery = 0});
    return read_file(path);
  };
  const std::string clear = page(0.62), unclear = page(0.2);
  EXPECT_TRUE(contains(clear, "<b><span class=\"gain\">+"));
  EXPECT_FALSE(contains(clear, "cannot tell</span>"));
  EXPECT_FALSE(contains(unclear, "<b><span class=\"gain\">+"));
  EXPECT_TRUE(contains(unclear, "holds 0, so these masks cannot tell</span>"));
  EXPECT_TRUE(contains(clear, "measured <b>3 masks of 3 pictures</b>"));
}

TEST_F(Report, ShowsCostsAndCheckpoints) {
  const TradeOffPoint point{"vit_b", "hq", 70, {"HQ-SAM", 94000000, 4000000, 5, 0}};
  const std::string html =
      write({.title = "t", .gallery = 0, .costs = {{"SAM", 90000000, 90000000, 5.5, 0}}, .beside = {point, point}});
  EXPECT_TRUE(contains(html, "<h2>Cost</h2>") && contains(html, "90.00") && contains(html, "mBIoU over speed"));
}

TEST_F(Report, NeedsTheSetsOfTheResult) {
  write();
  const std::string message = message_of([&] {
    write_evaluation_report(path, model, {{"COIFT", sets[1].dataset}}, result, options,
                            {.title = "t", .checkpoint = "c", .gallery = 2});
  });
  EXPECT_TRUE(contains(message, "give the sets that were evaluated")) << message;
}

}  // namespace hqsam
