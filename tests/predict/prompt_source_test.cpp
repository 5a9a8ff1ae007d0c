// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/prompt_source.h"

#include <gtest/gtest.h>

#include "hqsam/core/file.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

class Prompts : public ::testing::Test {
 protected:
  PromptSource source(const std::string& json) const {
    write_file(folder.path / "prompts.json", json);
    return PromptSource(folder.path / "prompts.json", {folder.path / "kite.jpg", folder.path / "7.jpg"});
  }
  testing_support::TemporaryFolder folder;
};

const std::string kBox = R"("box": [1, 2, 30, 40])";

TEST_F(Prompts, CategoriesThatAreTextsGetNumbersBehindTheOthers) {
  const PromptSource none = source("{\"kite\": {" + kBox + "}}");
  EXPECT_TRUE(none.numbers_of_texts().empty());
  const PromptSource mixed =
      source("{\"kite\": [{" + kBox + ", \"category\": \"toy\"}, {" + kBox + ", \"category_id\": 4}, {" + kBox +
             "}], \"7\": {" + kBox + ", \"category\": \"bird\"}}");
  EXPECT_EQ(mixed.numbers_of_texts(), (std::map<std::string, int64_t>{{"bird", 5}, {"object", 6}, {"toy", 7}}));
  EXPECT_FALSE(mixed.counts_classes());
}

TEST_F(Prompts, ACategoryWithNumberAndTextHasBoth) {
  const PromptSource both = source("{\"kite\": {" + kBox + R"(, "category": "toy", "category_id": 4}})");
  const StatedPrompt prompt = both.of(0).prompts.at(0);
  EXPECT_EQ(std::get<int64_t>(prompt.category), 4);
  EXPECT_EQ(prompt.category_name, "toy");
  const PromptSource empty = source("{\"kite\": {" + kBox + R"(, "category": "toy", "category_id": null}})");
  EXPECT_EQ(std::get<std::string>(empty.of(0).prompts.at(0).category), "toy");
}

TEST_F(Prompts, CocosNamesAndIdsComeAlong) {
  const PromptSource coco = source(R"({"images": [{"id": 7, "file_name": "kite.jpg"}],
    "categories": [{"id": 3, "name": "toy"}, {"id": "x"}, 5],
    "annotations": [{"id": 12, "image_id": 7, "category_id": 3, "bbox": [1, 2, 30, 40]}]})");
  const StatedPrompts stated = coco.of(0);
  EXPECT_EQ(stated.image_id, 7);
  EXPECT_EQ(stated.prompts.at(0).category_name, "toy");
  EXPECT_TRUE(coco.has_image_ids());
  EXPECT_TRUE(coco.has_unique_ids());
}

TEST_F(Prompts, IdsThatAreNotAllThereOrNotUniqueDoNotCount) {
  const PromptSource results = source(R"([{"image_id": 7, "bbox": [1, 2, 30, 40], "id": 1},
                                          {"image_id": "kite.jpg", "bbox": [1, 2, 30, 40], "id": 1}])");
  EXPECT_FALSE(results.has_image_ids());
  EXPECT_FALSE(results.has_unique_ids());
  EXPECT_FALSE(source("{\"kite\": {" + kBox + "}}").has_image_ids());
}

TEST_F(Prompts, YolosTextsCountTheirClasses) {
  write_file(folder.path / "kite.txt", "5 0.5 0.5 0.5 0.5\n");
  const PromptSource texts(folder.path / "kite.txt", {folder.path / "kite.jpg"});
  EXPECT_TRUE(texts.counts_classes());
  EXPECT_EQ(std::get<int64_t>(texts.of(0).prompts.at(0).category), 5);
}

}  // namespace
}  // namespace hqsam
