// SPDX-License-Identifier: Apache-2.0
#include "onnx/fixtures.h"

namespace hqsam::testing_support {
namespace {

namespace F = torch::nn::functional;

// One call of the decoder, in the graph's terms and in the model's.
struct Call {
  torch::Tensor points, point_labels, boxes, masks;  // as PromptTensors; masks [1 or B,1,M,M]
  Size image = {48, 64};                             // before resizing
};

Call box_call() {
  return {.boxes = torch::tensor({{3.F, 4.F, 40.F, 30.F}, {10.F, 2.F, 60.F, 47.F}, {0.F, 0.F, 9.F, 20.F}})};
}

Call point_call() {
  return {.points = torch::tensor({{{12.F, 20.F}, {50.F, 40.F}}, {{30.F, 30.F}, {1.F, 2.F}}}),
          .point_labels = torch::tensor({{1, 0}, {1, 1}})};
}

torch::Tensor some_mask(int64_t count) {
  torch::manual_seed(11);
  return torch::randn({count, 1, 16, 16}) * 10;
}

struct Image {
  ImageFeatures features;
  torch::Tensor hq_features;
};

Image encode(SamHq model) {
  torch::NoGradGuard no_grad;
  Image image;
  image.features = model->encode(noise_image(1, 48, 64));
  if (model->has_hq()) image.hq_features = model->mask_decoder->hq_features(image.features);
  return image;
}

Interpreter::Values graph_inputs(const Image& image, const Call& call) {
  const auto& first = call.points.defined() ? call.points : call.boxes.defined() ? call.boxes : call.masks;
  const int64_t rows = first.size(0);
  std::vector<torch::Tensor> coords = {torch::zeros({rows, 0, 2})}, labels = {torch::zeros({rows, 0})};
  if (call.points.defined()) {
    coords.push_back(call.points);
    labels.push_back(call.point_labels);
  }
  if (call.boxes.defined()) {
    coords.push_back(call.boxes.view({-1, 2, 2}));
    labels.push_back(torch::tensor({2.F, 3.F}).expand({rows, 2}));
  } else if (call.points.defined()) {
    coords.push_back(torch::full({rows, 1, 2}, 7.F));  // padding: its place must not matter
    labels.push_back(torch::full({rows, 1}, -1.F));
  }
  return {{"image_embeddings", image.features.image_embeddings},
          {"hq_features", image.hq_features},
          {"point_coords", torch::cat(coords, 1)},
          {"point_labels", torch::cat(labels, 1).to(torch::kFloat32)},
          {"mask_input", call.masks.defined() ? call.masks : some_mask(1)},
          {"has_mask_input", torch::full({1}, call.masks.defined() ? 1.F : 0.F)},
          {"orig_im_size", torch::tensor({call.image.height, call.image.width}, torch::kInt64)}};
}

SelectedMasks by_model(SamHq model, const Image& image, const Call& call, const OnnxOptions& options) {
  torch::NoGradGuard no_grad;
  const DecoderPass pass = options.masks == MaskKind::kSam ? DecoderPass::kSam : DecoderPass::kSamAndHq;
  const PromptTensors prompts = {call.points, call.point_labels, call.boxes, call.masks};
  return select_masks(model->decode(image.features, image.hq_features, prompts, pass), options.masks,
                      options.multimask);
}

void expect_same_masks(Interpreter decoder, SamHq model, const Call& call, const OnnxOptions& options,
                       double tolerance = 1e-5) {
  const Image image = encode(model);
  const auto expected = by_model(model, image, call, options);
  const auto found = decoder.run(graph_inputs(image, call));
  expect_close(found.at("low_res_masks"), expected.logits, tolerance, "low_res_masks");
  EXPECT_LE((found.at("iou_predictions") - expected.iou).abs().max().item<double>(), tolerance);
  EXPECT_EQ(found.at("masks").size(2), call.image.height);
  EXPECT_EQ(found.at("masks").size(3), call.image.width);
}

class OnnxDecoder : public OnnxTest {};

TEST_F(OnnxDecoder, MatchesTheModelForEveryKindOfPrompt) {
  const SamHq model = vit_model();
  const Interpreter decoder = exported(model, "decoder");
  Call both = point_call();
  both.boxes = box_call().boxes.slice(0, 0, 2);
  Call refined = box_call();
  refined.masks = some_mask(3);
  const std::vector<std::pair<const char*, Call>> calls = {{"boxes", box_call()},
                                                           {"points", point_call()},
                                                           {"points and boxes", both},
                                                           {"boxes and masks", refined},
                                                           {"a mask alone", {.masks = some_mask(1)}},
                                                           {"masks alone", {.masks = some_mask(4)}}};
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    expect_same_masks(decoder, model, call, {});
  }
}

TEST_F(OnnxDecoder, TakesOneMaskForAllPromptsOrAFlagForEach) {
  const SamHq model = vit_model();
  Interpreter decoder = exported(model, "decoder");
  const Image image = encode(model);
  auto inputs = graph_inputs(image, box_call());
  const auto without = decoder.run(inputs).at("low_res_masks");
  inputs["has_mask_input"] = torch::ones({1});
  const auto with = decoder.run(inputs).at("low_res_masks");
  EXPECT_GT(relative_difference(with, without), 1e-3);
  inputs["has_mask_input"] = torch::tensor({0.F, 1.F, 0.F});
  const auto mixed = decoder.run(inputs).at("low_res_masks");
  expect_close(mixed, torch::stack({without[0], with[1], without[2]}), 1e-6);
}

TEST_F(OnnxDecoder, MatchesTheModelForEveryChoiceOfMasks) {
  const SamHq model = vit_model();
  for (const MaskKind masks : {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum}) {
    for (const Multimask multimask : {Multimask::kNone, Multimask::kBest, Multimask::kAll}) {
      SCOPED_TRACE(fmt::format("masks {} multimask {}", static_cast<int>(masks), static_cast<int>(multimask)));
      const OnnxOptions options = {.masks = masks, .multimask = multimask};
      expect_same_masks(exported(model, "decoder", options), model, point_call(), options);
    }
  }
}

TEST_F(OnnxDecoder, IsSamsOwnWithoutHqModules) {
  const SamHq model = varied_model(without_hq(tiny_options()));
  const OnnxOptions options = {.masks = MaskKind::kSam};
  const Interpreter decoder = exported(model, "decoder", options);
  for (const auto& input : decoder.model().graph().input()) EXPECT_NE(input.name(), "hq_features");
  expect_same_masks(decoder, model, box_call(), options);
}

TEST_F(OnnxDecoder, BringsMasksBackToThePictureThroughThePaddedSquare) {
  const SamHq model = vit_model();
  Interpreter decoder = exported(model, "decoder");
  const Image image = encode(model);
  struct Case {
    Size picture, covered;  // longer side 64, floor(size * scale + 0.5), at least 1
  };
  for (const auto& [picture, covered] : std::vector<Case>{{{48, 64}, {48, 64}},
                                                          {{100, 31}, {64, 20}},
                                                          {{31, 100}, {20, 64}},
                                                          {{3, 128}, {2, 64}},
                                                          {{1, 500}, {1, 64}},
                                                          {{7, 5}, {64, 46}}}) {
    SCOPED_TRACE(fmt::format("{} x {}", picture.height, picture.width));
    Call call = box_call();
    call.image = picture;
    const auto found = decoder.run(graph_inputs(image, call));
    const auto square = torch::upsample_bilinear2d(found.at("low_res_masks"), {64, 64}, false);
    const auto cut = square.slice(2, 0, covered.height).slice(3, 0, covered.width);
    expect_close(found.at("masks"), torch::upsample_bilinear2d(cut, {picture.height, picture.width}, false), 1e-6);
  }
}

TEST_F(OnnxDecoder, FailsForLabelsThatDoNotExist) {
  const SamHq model = vit_model();
  Interpreter decoder = exported(model, "decoder");
  auto inputs = graph_inputs(encode(model), point_call());
  inputs["point_labels"] = torch::full({2, 3}, 4.F);
  EXPECT_ANY_THROW(decoder.run(inputs));
}

TEST_F(OnnxDecoder, InFp16StaysNearTheModel) {
  const SamHq model = vit_model();
  const OnnxOptions options = {.dtype = OnnxDtype::kFp16};
  const Interpreter decoder = exported(model, "decoder", options);
  Call filled = box_call();
  filled.masks = (some_mask(3) > 0).to(torch::kFloat32) * 255;
  expect_same_masks(decoder, model, box_call(), options, 5e-3);
  expect_same_masks(decoder, model, filled, options, 5e-3);
}

}  // namespace
}  // namespace hqsam::testing_support
