// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/ytvis.h"

#include "data/coco_fixture.h"

namespace hqsam {

using Ytvis = Coco;

TEST_F(Ytvis, ReadsVideosFrameByFrame) {
  file = {{"videos", {{{"id", 1}, {"height", 40}, {"width", 50}, {"file_names", {"a.jpg", "b.jpg"}}}}},
          {"annotations",
           {{{"id", 1}, {"video_id", 1}, {"category_id", 2}, {"segmentations", {run_lengths(), nullptr}}},
            {{"id", 2}, {"video_id", 1}, {"category_id", 3}, {"segmentations", {run_lengths(), run_lengths()}}}}}};
  write_file(options.annotations, file.dump());
  options.format = SetFormat::kYtvis;
  const auto dataset = open_ytvis(options);
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->get(0).labels.size(), 2U);
  ASSERT_EQ(dataset->get(1).labels.size(), 1U);
  EXPECT_EQ(dataset->get(1).infos[0].category, 3);
  file["annotations"][0]["segmentations"] = json::array({run_lengths()});  // of one frame
  file["annotations"].push_back(file["annotations"][1]);
  file["annotations"][2]["segmentations"][0] = json::parse("[[1, 2, 3]]");
  file["annotations"][2]["video_id"] = "1";
  write_file(options.annotations, file.dump());
  const Sample sample = open_ytvis(options)->get(0);
  EXPECT_EQ(sample.labels.size(), 1U);
  EXPECT_EQ(sample.skipped, 1);
  EXPECT_EQ(open_ytvis(options)->get(1).labels.size(), 2U);
  file["annotations"] = json::array({file["annotations"][0]});
  write_file(options.annotations, file.dump());
  EXPECT_PRED2(contains, error_of([&] { open_ytvis(options); }), "more or fewer frames than its video");
}

}  // namespace hqsam
