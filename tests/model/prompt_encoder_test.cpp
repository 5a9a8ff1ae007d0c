// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/prompt_encoder.h"

#include "devices.h"
#include "golden_options.h"
#include "hqsam/core/error.h"
#include "hqsam/ops/autocast.h"

namespace hqsam {
using namespace testing_support;

namespace {

struct Case {
  const char* name;
  bool points, boxes, masks;
};

}  // namespace

class PromptEncoderTest : public OverDevices {
 protected:
  PromptEncoderTest() : map(to_device(golden("prompt_encoder.safetensors"), GetParam())) {
    load_module(*encoder, map, "w.");
    encoder->to(GetParam());
  }
  TensorMap map;
  PromptEncoder encoder{prompt_encoder_options(map)};
  torch::NoGradGuard no_grad;
};
OVER_DEVICES(PromptEncoderTest);

TEST_P(PromptEncoderTest, MatchesReferenceForEveryCombination) {
  const Case cases[] = {{"points", true, false, false},      {"boxes", false, true, false},
                        {"points_boxes", true, true, false}, {"masks", false, false, true},
                        {"boxes_masks", false, true, true},  {"all", true, true, true}};
  for (const Case& c : cases) {
    PromptTensors prompts;
    if (c.points) prompts.points = map.at("points"), prompts.point_labels = map.at("labels");
    if (c.boxes) prompts.boxes = map.at("boxes");
    if (c.masks) prompts.masks = map.at("masks");
    const PromptEmbeddings embeddings = encoder->forward(prompts);
    const std::string name = c.name;
    expect_close(embeddings.sparse, map.at(name + ".sparse"), 1e-5, name + ".sparse");
    expect_close(embeddings.dense, map.at(name + ".dense"), 1e-5, name + ".dense");
  }
}

TEST_P(PromptEncoderTest, MatchesReferencePositionCode) { expect_close(encoder->dense_pe(), map.at("dense_pe"), 1e-5); }

TEST_P(PromptEncoderTest, StaysInFp32WhereAutocastIsOn) {
  PromptTensors prompts;
  prompts.points = map.at("points"), prompts.point_labels = map.at("labels");
  prompts.boxes = map.at("boxes"), prompts.masks = map.at("masks");
  const PromptEmbeddings exact = encoder->forward(prompts);
  const auto exact_pe = encoder->dense_pe();
  const Bf16Scope autocast(GetParam().type(), true);
  const PromptEmbeddings embeddings = encoder->forward(prompts);
  EXPECT_TRUE(torch::equal(embeddings.sparse, exact.sparse));
  EXPECT_TRUE(torch::equal(embeddings.dense, exact.dense));
  EXPECT_TRUE(torch::equal(encoder->dense_pe(), exact_pe));
  EXPECT_TRUE(at::autocast::is_autocast_enabled(GetParam().type()));
}

TEST_P(PromptEncoderTest, RefusesNoPromptAndWrongShapes) {
  EXPECT_THROW(encoder->forward({}), Error);
  PromptTensors prompts;
  prompts.boxes = torch::zeros({2, 5}, GetParam());
  EXPECT_THROW(encoder->forward(prompts), Error);
  prompts = {};
  prompts.masks = torch::zeros({1, 1, encoder->options().grid, encoder->options().grid}, GetParam());
  EXPECT_THROW(encoder->forward(prompts), Error);
}

}  // namespace hqsam
