// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_file.h"

#include <chrono>

#include "golden.h"
#include "hqsam/predict/place_prompt.h"

namespace hqsam {
using testing_support::message_of;

namespace {

using Numbers = std::array<double, 4>;

std::vector<NamedPrompts> read(const std::string& text) { return prompts_from_json(text, "pr.json", "folder"); }

std::vector<StatedPrompt> of_kite(const std::string& prompts) {
  const auto all = read("{\"kite.jpg\": " + prompts + "}");
  return all.at(0).stated.prompts;
}

std::string error_in(const std::string& text) {
  return message_of([&] { read(text); });
}

bool has(const std::string& message, const std::string& words) { return message.find(words) != std::string::npos; }

}  // namespace

TEST(PromptJson, ListsOfBoxesArePromptsOfTheirOwn) {
  const auto prompts = of_kite(R"({"boxes": [[1, 2, 3, 4], [5, 6, 7.5, 8]]})");
  ASSERT_EQ(prompts.size(), 2u);
  EXPECT_EQ(prompts[0].box, (StatedBox{BoxForm::kCorners, {1, 2, 3, 4}}));
  EXPECT_EQ(prompts[1].box->numbers, (Numbers{5, 6, 7.5, 8}));
}

TEST(PromptJson, PointsGoWithASingleBox) {
  const auto prompts = of_kite(R"({"boxes": [[1, 2, 3, 4]], "points": [[4, 5], [6, 7]], "labels": [1, 0]})");
  ASSERT_EQ(prompts.size(), 1u);
  EXPECT_TRUE(prompts[0].box);
  EXPECT_EQ(prompts[0].points, (std::vector<Point>{{4, 5}, {6, 7}}));
  EXPECT_EQ(prompts[0].point_labels, (std::vector<int>{1, 0}));
  EXPECT_TRUE(has(error_in(R"({"a": {"boxes": [[1,2,3,4],[1,2,3,5]], "points": [[4,5]]}})"), "give a list of prompts"));
}

TEST(PromptJson, APictureTakesAListOfPrompts) {
  const auto prompts = of_kite(R"([{"box": [1, 2, 3, 4], "points": [[4, 5]], "id": 7, "category": "kite"},
                                   {"points": [[9, 9]], "id": "b", "score": 0.5}, {"mask": "sub\\rough.png"}])");
  ASSERT_EQ(prompts.size(), 3u);
  EXPECT_EQ(std::get<int64_t>(prompts[0].id), 7);
  EXPECT_EQ(std::get<std::string>(prompts[0].category), "kite");
  EXPECT_EQ(std::get<std::string>(prompts[1].id), "b");
  EXPECT_EQ(prompts[1].score, 0.5);
  EXPECT_EQ(prompts[2].mask, std::filesystem::path("folder/sub/rough.png"));
}

TEST(PromptJson, APromptThatIsWrongLeavesTheOthers) {
  const auto prompts = of_kite(R"([{"box": [1, 2, 3, 4]}, {"box": [1, 2, 3]}, {"boxs": []}, {"labels": [1]}, 5])");
  ASSERT_EQ(prompts.size(), 5u);
  EXPECT_EQ(prompts[0].error, "");
  EXPECT_TRUE(has(prompts[1].error, "pr.json: \"kite.jpg\"[1] box expects [x0, y0, x1, y1]"));
  EXPECT_TRUE(has(prompts[2].error, "unknown key \"boxs\" (did you mean 'boxes'?)"));
  EXPECT_TRUE(has(prompts[3].error, "0 points and 1 labels"));
  EXPECT_TRUE(has(prompts[4].error, "expects an object with a box, points or a mask, got 5"));
}

TEST(PromptJson, WhereNoneIsRightTheFileIsRefused) {
  EXPECT_TRUE(has(error_in(R"({"a": {"boxs": []}, "b": {"box": "x"}})"), "did you mean 'boxes'"));
  EXPECT_TRUE(has(error_in(R"({"a": {"bbox": [1, 2, 3, 4]}})"), "some write as corners and some with a size"));
  EXPECT_TRUE(has(error_in(R"({"a": {"box": [1, 2, 3, 4], "boxes": []}})"), "both box and boxes"));
  EXPECT_TRUE(has(error_in(R"({"a": {}})"), "has a box, points or a mask"));
  EXPECT_TRUE(has(error_in(R"({"a": {"points": [[1, 2]], "labels": 1}})"), "expects a list of 0 and 1"));
  EXPECT_TRUE(has(error_in(R"({"a": {"points": [[1, 2]], "labels": [2]}})"), "expects a list of 0 and 1"));
  EXPECT_TRUE(has(error_in(R"({"a": {"points": [[1, 2]], "labels": {"a": 1}}})"), "labels expects a list of 0 and 1"));
  EXPECT_TRUE(has(error_in(R"({"a": {"points": {"a": [1, 2]}}})"), "points expects a list of [x, y] in pixels, got {"));
  EXPECT_TRUE(has(error_in(R"({"a": {"boxes": {"a": [1, 2, 3, 4]}}})"), "boxes expects a list of boxes, got {\"a\""));
}

TEST(PromptJson, EmptyListsArePicturesWithoutPrompts) {
  const auto all = read(R"({"a": [], "b": {"boxes": []}, "c": {"box": [1, 2, 3, 4]}})");
  EXPECT_TRUE(all[0].stated.prompts.empty());
  EXPECT_TRUE(all[1].stated.prompts.empty());
}

TEST(PromptJson, CornersInTheWrongOrderThatCouldBeASizeRefuseTheFile) {
  const std::string message = error_in(R"({"a": {"box": [1, 2, 3, 4]}, "b": {"boxes": [[90, 20, 30, 80]]}})");
  EXPECT_TRUE(has(message, "\"b\" has the box [90, 20, 30, 80]"));
  EXPECT_TRUE(has(message, "As x, y, width, height it would be one"));
  EXPECT_EQ(error_in(R"({"a": {"box": [1, 2, 3, 4]}, "b": {"box": [9, 9, -1, 5]}})"), "");  // an error of that prompt
}

TEST(PromptJson, SaysWhereItIsNoJson) {
  EXPECT_TRUE(has(error_in(R"({"a": )"), "pr.json is not sound JSON"));
  EXPECT_TRUE(has(error_in(R"({"a": {"box": [1, 2, NaN, 4]}})"), "pr.json is not sound JSON"));
  EXPECT_TRUE(has(error_in("7"), "is not a JSON object"));
  EXPECT_TRUE(has(error_in(R"({"a": {"box": [1, 2, 3, 4]}, "a": []})"), "the key 'a' twice"));
  EXPECT_TRUE(has(error_in(R"({"a": {"boxes": [[1, 2, 3, 4]], "boxes": []}})"), "the key 'boxes' twice"));
  EXPECT_TRUE(has(error_in(R"([{"image_id": 1, "segmentation": [], "segmentation": []}])"), "'segmentation' twice"));
  EXPECT_TRUE(has(error_in(std::string(200000, '[')), "nested more than 32 deep"));
  const std::string deep = R"({"a": )" + std::string(200000, '[') + std::string(200000, ']') + "}";
  EXPECT_TRUE(has(error_in(deep), "nested more than 32 deep"));
  const std::string text(100000, 'x');
  EXPECT_LT(error_in("{\"" + text + "\": {\"box\": \"" + text + "\", \"" + text + "\": 1}}").size(), 300u);
}

TEST(PromptJson, ReadsManyResultsInLinearTime) {
  std::string text = "[";
  for (int i = 0; i < 200'000; ++i) text += R"({"image_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5},)";
  text.back() = ']';
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(read(text)[0].stated.prompts.size(), 200'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // it was quadratic: 2 minutes
}

TEST(PromptJson, ReadsCocoResultsByPicture) {
  const auto all = read(R"([{"image_id": 139, "bbox": [10, 20, 30, 40], "score": 0.9, "category_id": 3},
      {"image_id": "kite.jpg", "bbox": [1, 2, 3, 4], "score": 0.2, "category_id": 1, "segmentation": {"counts": "x"}},
      {"image_id": 139.0, "bbox": [5, 6, 7, 8], "id": 12}])");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "139");
  ASSERT_EQ(all[0].stated.prompts.size(), 2u);
  EXPECT_EQ(all[0].stated.prompts[0].box, (StatedBox{BoxForm::kCornerAndSize, {10, 20, 30, 40}}));
  EXPECT_EQ(all[0].stated.prompts[0].score, 0.9);
  EXPECT_EQ(std::get<int64_t>(all[0].stated.prompts[0].category), 3);
  EXPECT_EQ(std::get<int64_t>(all[0].stated.prompts[1].id), 12);
  EXPECT_EQ(all[1].name, "kite.jpg");
}

TEST(PromptJson, AResultWithoutABoxLeavesTheOthers) {
  const auto all = read(R"([{"image_id": 1, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "bbox": null}])");
  EXPECT_TRUE(has(all[0].stated.prompts[1].error, "bbox expects [x, y, width, height] in pixels, got null"));
  EXPECT_TRUE(has(error_in(R"([{"image": "a.jpg", "box": [1, 2, 3, 4]}])"), "item 0 is not a COCO result"));
  EXPECT_TRUE(has(error_in(R"([{"image_id": 1.5, "bbox": [1, 2, 3, 4]}])"), "image_id is a whole number or a text"));
}

TEST(PromptJson, ReadsCocoAnnotationsByFileName) {
  const auto all = read(R"({"images": [{"id": 7, "file_name": "sub\\kite.jpg", "height": 40, "width": 60},
                                       {"id": "8", "file_name": "dog.jpg"}],
      "annotations": [{"id": 1, "image_id": 8, "bbox": [1, 2, 3, 4], "category_id": 2, "segmentation": [[1, 2]]},
                      {"id": 2, "image_id": "7", "bbox": [5, 6, 7, 8], "iscrowd": 1},
                      {"id": 3, "image_id": 99, "bbox": [5, 6, 7, 8]},
                      {"id": 4, "image_id": 7, "bbox": [9, 9, 9, 9]}]})");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "sub\\kite.jpg");
  EXPECT_EQ(all[0].stated.frame, (Size{40, 60}));
  ASSERT_EQ(all[0].stated.prompts.size(), 1u);
  EXPECT_EQ(std::get<int64_t>(all[0].stated.prompts[0].id), 4);
  EXPECT_FALSE(all[1].stated.frame);
  EXPECT_EQ(all[1].stated.prompts[0].box->numbers, (Numbers{1, 2, 3, 4}));
}

TEST(PromptJson, RefusesTwoPicturesOfOneIdOrName) {
  EXPECT_TRUE(has(error_in(R"({"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}],
                               "annotations": []})"),
                  "both have the id 1"));
  EXPECT_TRUE(has(error_in(R"({"images": [{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "a"}],
                               "annotations": []})"),
                  "are both \"a\""));
}

TEST(PromptYolo, ReadsBoxesWithAndWithoutConfidence) {
  const auto stated = prompts_from_yolo("0 0.5 0.25 0.5 0.5\r\n\n3 .1 .2 .3 .4 0.75\n", "a.txt");
  ASSERT_EQ(stated.prompts.size(), 2u);
  EXPECT_EQ(stated.prompts[0].box, (StatedBox{BoxForm::kCentre, {0.5, 0.25, 0.5, 0.5}}));
  EXPECT_EQ(std::get<int64_t>(stated.prompts[0].category), 0);
  EXPECT_FALSE(stated.prompts[0].score);
  EXPECT_EQ(stated.prompts[1].score, 0.75);
  EXPECT_TRUE(prompts_from_yolo("", "a.txt").prompts.empty());
}

TEST(PromptYolo, ASegmentIsTheBoxAroundIt) {
  const auto stated = prompts_from_yolo("1 0.1 0.2 0.5 0.2 0.5 0.6 0.1 0.6\n1 0.1 0.2 0.5 0.2 0.5 0.6 0.9", "a.txt");
  const auto& box = stated.prompts[0].box->numbers;
  EXPECT_NEAR(box[0], 0.3, 1e-12);
  EXPECT_NEAR(box[1], 0.4, 1e-12);
  EXPECT_NEAR(box[2], 0.4, 1e-12);
  EXPECT_NEAR(box[3], 0.4, 1e-12);
  EXPECT_EQ(stated.prompts[1].score, 0.9);  // a triangle
}

TEST(PromptYolo, ATrackIsAnId) {
  EXPECT_EQ(std::get<int64_t>(prompts_from_yolo("0 .5 .5 .2 .2 12", "a.txt").prompts[0].id), 12);
  EXPECT_TRUE(has(prompts_from_yolo("0 .5 .5 .2 .2 .9 1", "a.txt").prompts[0].error, "may be a box with a confidence"));
}

TEST(PromptYolo, SaysWhatALineIsNot) {
  const auto error = [](const std::string& line) { return prompts_from_yolo(line, "a.txt").prompts.at(0).error; };
  EXPECT_TRUE(has(error("0 0.5 0.5 0.2"), "a.txt:1 has 4 numbers"));
  EXPECT_TRUE(has(error("0.5 0.5 0.5 0.2 0.2"), "the first 0.5"));
  EXPECT_TRUE(has(error("0 .5 .5 .2 .2 1.5"), "the confidence is 0 to 1, got 1.5"));
  EXPECT_TRUE(has(error("0 .5 .5 .2 .2 .4 .4 2 .6 .6 0"), "keypoints"));
  EXPECT_TRUE(has(error("0 10 20 300 20 300 90"), "are they pixels?"));
  EXPECT_TRUE(
      has(message_of([] { prompts_from_yolo("kite .5 .5 .2 .2", "a.txt"); }), "a.txt:1: 'kite' is not a number"));
}

TEST(PromptFiles, WhateverIsInThemIsReadOrRefused) {
  const std::vector<std::string> sound = {
      R"({"kite.jpg": [{"box": [1, 2, 30, 40], "points": [[4, 5]], "labels": [1], "id": 7, "mask": "no.png"}, {}]})",
      R"({"kite": {"boxes": [[1, 2, 30, 40], [5, 6, 70, 80]]}, "b": {"points": [[1.5e0, 2]]}})",
      R"([{"image_id": 139, "bbox": [10, 20, 30, 40], "score": 0.9, "category_id": 3, "id": 18446744073709551615}])",
      R"({"images": [{"id": 7, "file_name": "a.jpg", "height": 40, "width": 60}],
          "annotations": [{"id": 1, "image_id": 7, "bbox": [1, 2, 3, 4], "iscrowd": 0}]})",
      "0 0.5 0.25 0.5 0.5 0.9\n1 0.1 0.2 0.5 0.2 0.5 0.6 0.1 0.6\n"};
  uint64_t state = 7;
  const auto draw = [&](size_t count) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>(state >> 33) % count;
  };
  constexpr std::string_view kLetters = "0159.-e,:[]{}\"\\ \ntrunlfas\xff";
  for (int round = 0; round < 3000; ++round) {
    const size_t kind = draw(sound.size());
    std::string text = sound[kind];
    for (size_t change = draw(4) + 1; change > 0 && !text.empty(); --change) {
      const size_t at = draw(text.size());
      if (draw(3) == 0) text.erase(at, draw(9) + 1);
      if (at < text.size() && draw(2) == 0) text[at] = kLetters[draw(kLetters.size())];
      if (draw(4) == 0) text.insert(std::min(at, text.size()), text.substr(0, draw(30)));
    }
    std::vector<StatedPrompts> all;
    try {
      if (kind + 1 == sound.size()) all.push_back(prompts_from_yolo(text, "a.txt"));
      if (kind + 1 < sound.size()) {
        for (NamedPrompts& named : read(text)) all.push_back(std::move(named.stated));
      }
    } catch (const Error&) {
    }
    for (const StatedPrompts& stated : all) {
      try {
        for (const PlacedPrompt& placed : place_prompts(stated, {Size{40, 60}, 6}, 64, 16).placed) {
          if (!placed.prompt.box) continue;
          const Box& box = *placed.prompt.box;
          EXPECT_TRUE(box.x0 >= 0 && box.x0 < box.x1 && box.x1 <= 60 && box.y0 < box.y1 && box.y1 <= 40) << text;
        }
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace hqsam
