// SPDX-License-Identifier: Apache-2.0
#include "data/coco_fixture.h"

namespace hqsam {

using CocoDetections = Coco;

TEST_F(CocoDetections, CutsADetectorsBoxesToThePicture) {
  detections = {box(3, 1, {5, 6, 10, 12}, 0.75), box(3, 2, {-5, 30, 20, 40}), box(3, 1, {60, 5, 10, 10}),
                box(3, 1, {5, 5, 0, 10}), box(7, 1, {1, 1, 5, 5})};
  const auto dataset = open();
  const Sample sample = dataset->get(0);
  ASSERT_EQ(sample.boxes.size(), 2U);
  EXPECT_EQ(sample.boxes[0].box_in_image, (Box{5, 6, 15, 18}));
  EXPECT_EQ(sample.boxes[0].score, 0.75);
  EXPECT_EQ(sample.boxes[1].box_in_image, (Box{0, 30, 15, 40}));
  EXPECT_EQ(sample.skipped, 2);
  EXPECT_EQ(dataset->get(1).boxes.size(), 1U);
  EXPECT_TRUE(sample.detected);
}

TEST_F(CocoDetections, LeavesUnknownDetectionsOutAndRefusesThoseOfOtherData) {
  detections = {box(3, 1, {5, 6, 10, 12}), box(99, 1, {5, 6, 10, 12}), box(3, 77, {5, 6, 10, 12}), box(3, 1, {5, 6}),
                3};
  detections[0]["image_id"] = "3";
  EXPECT_EQ(open()->get(0).boxes.size(), 1U);
  EXPECT_EQ(open()->get(0).skipped, 1);
  detections = json::array({box(99, 1, {5, 6, 10, 12})});
  EXPECT_PRED2(contains, refusal(), "to another data set");
  detections = json::array({box(3, 1, {5, 6, 10})});
  EXPECT_PRED2(contains, refusal(), "1 without 'bbox': [x, y, width, height] (number 1)");
  detections = json::object();
  EXPECT_PRED2(contains, refusal(), "to another data set");
}

}  // namespace hqsam
