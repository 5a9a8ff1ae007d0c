// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "evaluate/memory_dataset.h"
#include "golden.h"
#include "hqsam/evaluate/evaluate.h"
#include "thread_group.h"

namespace hqsam {
using namespace testing_support;

namespace {

// Ellipses of which some cannot be read.
std::shared_ptr<MemoryDataset> torn(int64_t count, const std::set<int64_t>& broken) {
  std::vector<Sample> samples;
  const auto whole = ellipses(count);
  for (int64_t i = 0; i < count; ++i) {
    samples.push_back(whole->get(i));
    if (broken.contains(i)) samples.back().image.pixels.clear();
  }
  return std::make_shared<MemoryDataset>(std::move(samples));
}

EvaluateOptions skipping() {
  EvaluateOptions options;
  options.on_error = OnError::kSkip;
  return options;
}

class StoppedDataset : public MemoryDataset {
 public:
  using MemoryDataset::MemoryDataset;
  Sample get(int64_t) const override { throw Stopped("[test] a stop was requested"); }
};

}  // namespace

TEST(EvaluateUnread, PicturesAreLeftOutAndCountedOnAnyNumberOfRanks) {
  SamHq model = tiny_model();
  EvaluateOptions options = skipping();
  for (const int64_t workers : {0, 2}) {
    options.workers = workers;
    const EvaluateResult result = evaluate(model, {{"a", torn(5, {1, 3})}}, options, *make_group());
    EXPECT_EQ(result.sets[0].unread, 2);
    EXPECT_EQ(result.sets[0].images, 3);
    ASSERT_EQ(result.samples.size(), 3U);
    EXPECT_EQ(result.samples[1].name, "p2");
    const auto json = nlohmann::json::parse(results_json(result, options, "c.pth"));
    EXPECT_EQ(json.at("sets").at(0).at("unread"), 2);
    EXPECT_NE(results_table(result).find("left out: 2 pictures that could not be read"), std::string::npos);
    const auto errors = run_ranks(2, [&](const std::shared_ptr<Group>& group) {
      SamHq own = tiny_model();
      EXPECT_EQ(samples_jsonl(evaluate(own, {{"a", torn(5, {1, 3})}}, options, *group)), samples_jsonl(result));
    });
    for (const std::string& error : errors) EXPECT_EQ(error, "");
  }
}

TEST(EvaluateUnread, AreNotCountedWhereThereAreNone) {
  SamHq model = tiny_model();
  const EvaluateResult result = evaluate(model, {{"a", ellipses(2)}}, skipping(), *make_group());
  EXPECT_FALSE(nlohmann::json::parse(results_json(result, skipping(), "c.pth")).at("sets").at(0).contains("unread"));
}

TEST(EvaluateUnread, EndTheEvaluationWithoutSkipAndWhereTheyAreMost) {
  SamHq model = tiny_model();
  const auto error_of = [&](const std::set<int64_t>& broken, const EvaluateOptions& options) {
    return message_of([&] { evaluate(model, {{"a", torn(4, broken)}}, options, *make_group()); });
  };
  EXPECT_NE(error_of({2}, {}).find("pictures/p2.jpg is broken"), std::string::npos);
  const std::string most = error_of({0, 1, 2}, skipping());
  EXPECT_NE(most.find("3 of 4 pictures could not be read, more than half"), std::string::npos) << most;
  EXPECT_NE(most.find("pictures/p2.jpg is broken"), std::string::npos) << most;
}

TEST(EvaluateUnread, AStopIsNotAPictureThatCannotBeRead) {
  SamHq model = tiny_model();
  const auto stopped = std::make_shared<StoppedDataset>(std::vector<Sample>{ellipses(1)->get(0)});
  EXPECT_THROW(evaluate(model, {{"a", stopped}}, skipping(), *make_group()), Stopped);
}

TEST(EvaluateUnread, AStopOfOneRankIsAStopOfAll) {
  const std::shared_ptr<const Dataset> whole = ellipses(2);
  const auto stopped = std::make_shared<StoppedDataset>(std::vector<Sample>{whole->get(0), whole->get(1)});
  const auto errors = run_ranks(2, [&](const std::shared_ptr<Group>& group) {
    SamHq own = tiny_model();
    const NamedDataset set{"a", group->is_main() ? whole : stopped};
    EXPECT_THROW(evaluate(own, {set}, skipping(), *group), Stopped);
  });
  for (const std::string& error : errors) EXPECT_EQ(error, "");
}

}  // namespace hqsam
