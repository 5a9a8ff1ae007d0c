// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/core/file.h"
#include "hqsam/report/attention.h"
#include "hqsam/report/boundary_errors.h"
#include "hqsam/report/cost.h"
#include "hqsam/report/curve_plot.h"
#include "hqsam/report/plot_axis.h"
#include "hqsam/report/shown.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

bool contains(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

Color color_at(const Image& image, int64_t y, int64_t x) {
  const uint8_t* pixel = image.at(y, x);
  return {pixel[0], pixel[1], pixel[2]};
}

}  // namespace

TEST(PlotAxis, HasRoundTicksAroundTheRange) {
  const PlotAxis axis = plot_axis(0.13, 4.2);
  EXPECT_EQ(axis.first, 0);
  EXPECT_EQ(axis.last, 5);
  EXPECT_EQ(axis.ticks(), 5);
  EXPECT_EQ(tick_text(axis, 0), "0");
  EXPECT_EQ(plot_axis(20, 80).last, 80);
  EXPECT_EQ(tick_text(plot_axis(0, 0.001), 1), "0.0002");
}

TEST(PlotAxis, WidensARangeWithoutWidth) {
  for (const double value : {0.0, 1e-3, -7.0, 1e9}) {
    const PlotAxis axis = plot_axis(value, value);
    EXPECT_LT(axis.first, value + 1e-12);
    EXPECT_GT(axis.last, value);
    EXPECT_LE(axis.ticks(), 12) << value;
  }
}

TEST(CurvePlot, LeavesOutWhatIsNotFinite) {
  const CurvePlot plot{"a & <b>", "step", {{"loss", {{1, 2}, {2, NAN}, {3, INFINITY}, {4, 1}}, ""}}, {}, {}, ""};
  const std::string svg = curve_plot(plot);
  EXPECT_TRUE(contains(svg, "a &amp; &lt;b&gt;"));
  EXPECT_TRUE(contains(svg, "loss from 2 to 1"));
  EXPECT_FALSE(contains(svg, "nan") || contains(svg, "inf")) << svg;
  EXPECT_EQ(curve_plot({"none", "x", {{"empty", {}, ""}, {"nan", {{1, NAN}}, ""}}, {}, {}, ""}), "");
}

TEST(CurvePlot, DrawsLongCurvesAsMeansOverABand) {
  Curve curve{"loss", {}, "hq"};
  for (int i = 0; i < 5000; ++i) curve.points.push_back({static_cast<double>(i), i % 2 ? 1.0 : 3.0});
  const std::string svg = curve_plot({"loss", "step", {curve}, {}, {}, ""});
  EXPECT_TRUE(contains(svg, "class=\"band\""));
  EXPECT_LT(svg.size(), 20000U);
}

TEST(BoundaryErrors, ColorsWhatIsFoundWrongAndMissed) {
  const Image image(60, 80, 3, 90);
  const Mask truth = threshold_label(ellipse(60, 80, 30, 30, 20, 20));
  const Mask shifted = threshold_label(ellipse(60, 80, 44, 30, 20, 20));
  const Image errors = boundary_errors(image, shifted, truth, 0.02);
  EXPECT_EQ(color_at(errors, 30, 10), kMissedBoundary);
  EXPECT_EQ(color_at(errors, 30, 64), kFalseBoundary);
  EXPECT_EQ(color_at(errors, 2, 2), (Color{30, 30, 30}));
  EXPECT_EQ(color_at(boundary_errors(image, truth, truth, 0.02), 30, 10), kFoundBoundary);
  EXPECT_THROW(boundary_errors(image, Mask(3, 3), truth, 0.02), Error);
}

TEST(ShownSample, IsTheSampleItselfUnlessItIsLarge) {
  const Sample small = sample_of("a", waves(50, 90), {ellipse(50, 90, 40, 25, 20, 14), ellipse(50, 90, 9, 9, 5, 5)});
  const ShownSample same = shown_sample(small, 1, {.masks = {{MaskKind::kHq, threshold_label(small.labels[0])}}});
  EXPECT_EQ(same.sample.image, small.image);
  EXPECT_EQ(same.sample.labels, std::vector<Label>{small.labels[1]});
  EXPECT_EQ(same.masks.masks.at(MaskKind::kHq), threshold_label(small.labels[0]));
  EXPECT_THROW(shown_sample(small, 2, {}), Error);

  const int64_t side = 2 * kMostShown;
  const Sample large = sample_of("b", Image(100, side, 3, 90), {ellipse(100, side, 400, 50, 200, 40)});
  SampleMasks masks{.masks = {{MaskKind::kHq, threshold_label(large.labels[0])}},
                    .prompt_in_image = {.box = Box{200, 10, 600, 90}}};
  masks.prompt_in_image.points = {{400, 50}};
  const ShownSample shown = shown_sample(large, 0, masks);
  EXPECT_EQ(shown.sample.image.size(), (Size{50, kMostShown}));
  EXPECT_EQ(shown.masks.masks.at(MaskKind::kHq), threshold_label(shown.sample.labels[0]));
  EXPECT_NEAR(static_cast<double>(shown.sample.labels[0].area()), static_cast<double>(large.labels[0].area()) / 4, 200);
  EXPECT_EQ(shown.masks.prompt_in_image.box, (Box{100, 5, 300, 45}));
  EXPECT_EQ(shown.masks.prompt_in_image.points, (std::vector<Point>{{200, 25}}));
}

TEST(TokenAttention, IsAMapOfThePicturesSizeForEachToken) {
  SamHq model = tiny_model();
  const Sample sample = sample_of("a", waves(50, 90), {ellipse(50, 90, 40, 25, 20, 14)});
  for (const Protocol protocol : {Protocol::kReference, Protocol::kKeepAspect}) {
    EvaluateOptions options;
    options.protocol = protocol;
    const auto maps = token_attention(model, sample, 0, options);
    ASSERT_EQ(maps.size(), 2U);
    EXPECT_FALSE(maps.at(MaskKind::kSam).equal(maps.at(MaskKind::kHq)));
    for (const auto& [kind, weights] : maps) {
      EXPECT_EQ(weights.sizes(), (std::vector<int64_t>{50, 90}));
      EXPECT_EQ(weights.min().item<float>(), 0);
      EXPECT_EQ(weights.max().item<float>(), 1);
    }
    EXPECT_EQ(attention_picture(sample.image, maps.at(MaskKind::kHq)).size(), sample.image.size());
  }
  EXPECT_THROW(attention_picture(sample.image, torch::zeros({3, 3})), Error);
  SamHq sam = tiny_model(without_hq(tiny_options()));
  EXPECT_EQ(token_attention(sam, sample, 0, {}).count(MaskKind::kHq), 0U);
}

TEST(TokenAttention, HasTheWeightsThatTheDecoderUses) {
  // Softmax of scaled products: with equal keys every place gets the same share.
  torch::NoGradGuard no_grad;
  torch::manual_seed(3);
  DecoderAttention attention(32, 4, 2);
  const auto q = torch::randn({1, 3, 32}), k = torch::randn({1, 1, 32}).expand({1, 5, 32});
  EXPECT_TRUE(attention->weights(q, k).allclose(torch::full({1, 4, 3, 5}, 0.2)));
  // With one key alone, attention is that key's value; weights of distinct keys rebuild forward() from such values.
  const auto keys = torch::randn({1, 5, 32}), values = torch::randn({1, 5, 32});
  const auto weights = attention->weights(q, keys).mean(1);  // of a single head below
  DecoderAttention single(32, 1, 1);
  auto rebuilt = torch::zeros({1, 3, 32});
  const auto of_single = single->weights(q, keys).select(1, 0);
  for (int64_t i = 0; i < 5; ++i) {
    const auto value = single->forward(q, keys.narrow(1, i, 1), values.narrow(1, i, 1));
    rebuilt += of_single.narrow(2, i, 1) * value;
  }
  expect_close(rebuilt, single->forward(q, keys, values), 1e-5);
  EXPECT_TRUE(weights.sum(-1).allclose(torch::ones({1, 3})));
}

TEST(Cost, CountsParametersAndMeasuresSpeeds) {
  SamHq model = tiny_model();
  const std::vector<NamedDataset> sets = {{"a", ellipses(2)}, {"b", ellipses(1)}};
  const auto rows = measure_costs(model, sets, {}, 3);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].parameters + rows[1].learnable, rows[1].parameters);
  EXPECT_GT(rows[1].learnable, 0);
  EXPECT_GT(rows[0].images_per_s, 0);
  EXPECT_GT(rows[1].images_per_s, 0);
  EXPECT_EQ(measure_costs(model, sets, {}, 0)[1].images_per_s, 0);
  SamHq sam = tiny_model(without_hq(tiny_options()));
  EXPECT_EQ(measure_costs(sam, sets, {}, 1).size(), 1U);
  const std::string table = cost_table(std::vector<CostRow>{{"A<", 2000000, 500000, 0, 3000000000}});
  EXPECT_TRUE(contains(table, "A&lt;") && contains(table, "2.00") && contains(table, "25.00 %") &&
              contains(table, "3.00") && contains(table, "&ndash;"))
      << table;
}

TEST(TradeOff, ReadsResultsThatHaveCosts) {
  const TemporaryFolder temporary;
  const auto& folder = temporary.path;
  const auto result = result_of("a", {{0.5, 0.6}});
  const std::string json = results_json(result, {}, "runs/vit_b.pth");
  write_file(folder / "results.json", with_costs(json, std::vector<CostRow>{{"SAM", 8, 8, 3, 0}, {"HQ", 9, 1, 2, 0}}));
  ASSERT_TRUE(read_trade_off_point(folder));
  const TradeOffPoint point = *read_trade_off_point(folder);
  EXPECT_EQ(point.name, "vit_b");
  EXPECT_EQ(point.kind, "hq");
  EXPECT_NEAR(point.score, 30, 1e-9);
  EXPECT_EQ(point.cost.parameters, 9);
  EXPECT_EQ(trade_off_section(std::vector<TradeOffPoint>{point}), "");
  TradeOffPoint other = point;
  other.name = "b<";
  const std::string html = trade_off_section(std::vector<TradeOffPoint>{point, other});
  EXPECT_TRUE(contains(html, "mBIoU over speed") && contains(html, "mBIoU over size") && contains(html, "b&lt;"));
  const std::string deep = "{\"mean\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  write_file(folder / "results.json", deep);
  EXPECT_TRUE(contains(message_of([&] { read_trade_off_point(folder); }), "results.json is nested more than 32 deep"));
  for (const char* text : {"", "{", "[]", "{\"mean\": {\"hq\": {\"mbiou\": 3}}}", "{\"checkpoint\": 3}"}) {
    write_file(folder / "results.json", text);
    EXPECT_THROW(read_trade_off_point(folder), Error) << text;
  }
  for (const char* mean : {"{}", R"({"hq": {"ap": 3}})"}) {
    write_file(folder / "results.json", fmt::format(R"({{"checkpoint": "c", "mean": {}}})", mean));
    EXPECT_FALSE(read_trade_off_point(folder)) << mean;
  }
  write_file(folder / "results.json", json);
  EXPECT_TRUE(contains(message_of([&] { read_trade_off_point(folder); }), "evaluate again"));
}

}  // namespace hqsam
