// SPDX-License-Identifier: Apache-2.0
#include "hqsam/prompt/batch.h"

#include <gtest/gtest.h>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

Prompt box() { return {.box_in_input = box_tensor({1, 2, 3, 4})}; }
Prompt points(size_t count) {
  return {.points_in_input = points_tensor(std::vector<Point>(count, {5, 6})),
          .point_labels = labels_tensor(std::vector<int>(count, 1))};
}

}  // namespace

TEST(PromptBatches, AreOfOneShapeAndBoundedSize) {
  const std::vector<Prompt> prompts = {box(), box(), box(), points(2), box(), points(3), box(), points(2)};
  const std::vector<std::vector<int64_t>> expected = {{0, 1, 2, 4}, {3, 7}, {5}, {6}};
  EXPECT_EQ(prompt_batches(prompts, 4), expected);
}

TEST(PromptBatches, StackWhatTheirPromptsHave) {
  std::vector<Prompt> prompts = {box(), points(2), box()};
  prompts[0].mask_in_mask_input = prompts[2].mask_in_mask_input = torch::ones({1, 4, 4});
  const PromptTensors both = stack_prompts(prompts, {0, 2}, torch::kCPU);
  EXPECT_TRUE(torch::equal(both.boxes, torch::tensor({{1.0F, 2.0F, 3.0F, 4.0F}, {1.0F, 2.0F, 3.0F, 4.0F}})));
  EXPECT_EQ(both.masks.sizes(), torch::IntArrayRef({2, 1, 4, 4}));
  EXPECT_FALSE(both.points.defined() || both.point_labels.defined());
  const PromptTensors of_points = stack_prompts(prompts, {1}, torch::kCPU);
  EXPECT_TRUE(torch::equal(of_points.points, torch::tensor({{{5.0F, 6.0F}, {5.0F, 6.0F}}})));
  EXPECT_TRUE(torch::equal(of_points.point_labels, torch::ones({1, 2}, torch::kInt32)));
  EXPECT_THROW(stack_prompts(std::vector<Prompt>(1), {0}, torch::kCPU), Error);
}

TEST(PromptShapes, PutBoxesBeforePointsBeforeMasks) {
  const Prompt mask{.mask_in_mask_input = torch::ones({1, 4, 4})};
  EXPECT_LT(shape_of(box()), shape_of(points(1)));
  EXPECT_LT(shape_of(points(1)), shape_of(points(2)));
  EXPECT_LT(shape_of(points(100)), shape_of(mask));
}

}  // namespace hqsam
