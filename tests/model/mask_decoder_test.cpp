// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/mask_decoder.h"

#include "devices.h"
#include "golden_options.h"
#include "hqsam/core/error.h"

namespace hqsam {
using namespace testing_support;

class MaskDecoderHq : public OverDevices {
 protected:
  MaskDecoderHq() : map(to_device(golden("mask_decoder_hq.safetensors"), GetParam())) {
    load_module(*decoder, map, "w.");
    decoder->to(GetParam());
    features = {map.at("image_embeddings"), {map.at("interm_embeddings.0")}};
    input = {features.image_embeddings, map.at("image_pe"), map.at("sparse"), map.at("dense"),
             decoder->hq_features(features)};
  }
  void expect_masks(MaskKind kind, DecoderPass pass, bool multimask, const std::string& name) {
    const SelectedMasks selected =
        select_masks(decoder->forward(input, pass), kind, multimask ? Multimask::kBest : Multimask::kNone);
    expect_close(selected.logits, map.at(name + ".masks"), 1e-5, name);
    if (selected.iou.defined()) expect_close(selected.iou, map.at(name + ".iou"), 1e-5, name);
  }
  torch::NoGradGuard no_grad;
  TensorMap map;
  MaskDecoder decoder{mask_decoder_options(map, "w.")};
  ImageFeatures features;
  DecoderInput input;
};
OVER_DEVICES(MaskDecoderHq);

TEST_P(MaskDecoderHq, MatchesReferenceWithoutMultimask) {
  expect_masks(MaskKind::kSum, DecoderPass::kSamAndHq, false, "hq.multimask0.only0");
  expect_masks(MaskKind::kHq, DecoderPass::kSamAndHq, false, "hq.multimask0.only1");
}

TEST_P(MaskDecoderHq, MatchesReferenceWithMultimask) {
  expect_masks(MaskKind::kSum, DecoderPass::kSamAndHq, true, "hq.multimask1.only0");
  expect_masks(MaskKind::kHq, DecoderPass::kSamAndHq, true, "hq.multimask1.only1");
}

TEST_P(MaskDecoderHq, GivesAllThreeMasksBestFirst) {
  const DecoderOutput output = decoder->forward(input, DecoderPass::kSamAndHq);
  const SelectedMasks sam = select_masks(output, MaskKind::kSam, Multimask::kAll);
  const SelectedMasks sum = select_masks(output, MaskKind::kSum, Multimask::kAll);
  const int64_t slots = decoder->options().num_multimask_outputs + 1;
  ASSERT_EQ(sam.logits.size(1), slots - 1);
  for (int64_t row = 0; row < output.iou.size(0); ++row) {
    std::vector<bool> used(slots);
    for (int64_t k = 0; k < slots - 1; ++k) {
      if (k > 0) EXPECT_LE(sam.iou[row][k].item<float>(), sam.iou[row][k - 1].item<float>());
      int64_t slot = 1;
      while (slot < slots && !torch::equal(output.iou[row][slot], sam.iou[row][k])) ++slot;
      ASSERT_LT(slot, slots);
      EXPECT_FALSE(used[slot]) << "slot " << slot << " comes twice";
      used[slot] = true;
      EXPECT_TRUE(torch::equal(sam.logits[row][k], output.masks_sam[row][slot]));
      EXPECT_TRUE(torch::equal(sum.logits[row][k], output.masks_sam[row][slot] + output.masks_hq[row][0]));
    }
  }
  const SelectedMasks best = select_masks(output, MaskKind::kSum, Multimask::kBest);
  EXPECT_TRUE(torch::equal(best.logits, sum.logits.narrow(1, 0, 1)));
  EXPECT_TRUE(torch::equal(best.iou, sum.iou.narrow(1, 0, 1)));
  const SelectedMasks hq = select_masks(output, MaskKind::kHq, Multimask::kAll);
  EXPECT_TRUE(torch::equal(hq.logits, output.masks_hq));
  EXPECT_TRUE(torch::equal(hq.iou, best.iou));
}

TEST_P(MaskDecoderHq, GivesTheSameMaskWithoutSamsOwn) {
  expect_masks(MaskKind::kHq, DecoderPass::kHqOnly, false, "hq.multimask0.only1");
}

TEST_P(MaskDecoderHq, IsSamInAPassWithoutTheHqToken) {
  const DecoderOutput output = decoder->forward(input, DecoderPass::kSam);
  expect_close(output.masks_sam.slice(1, 0, 1), map.at("sam.multimask0.masks"), 1e-5);
  expect_close(output.iou.slice(1, 0, 1), map.at("sam.multimask0.iou"), 1e-5);
  expect_close(output.masks_sam.slice(1, 1), map.at("sam.multimask1.masks"), 1e-5);
  expect_close(output.iou.slice(1, 1), map.at("sam.multimask1.iou"), 1e-5);
}

TEST_P(MaskDecoderHq, TreatsEachImageOfABatchAlone) {
  // Two images: the first one's rows equal those of a batch of one.
  const int64_t rows = input.sparse.size(0);
  const auto twice = [](const torch::Tensor& x) { return torch::cat({x, x.flip(-1)}); };
  const ImageFeatures two = {twice(features.image_embeddings), {twice(features.interm_embeddings[0])}};
  const DecoderInput batch = {two.image_embeddings, input.image_pe, twice(input.sparse), twice(input.dense),
                              decoder->hq_features(two)};
  const DecoderOutput output = decoder->forward(batch, DecoderPass::kSamAndHq);
  ASSERT_EQ(output.masks_hq.size(0), 2 * rows);
  const DecoderOutput alone = decoder->forward(input, DecoderPass::kSamAndHq);
  expect_close(output.masks_hq.slice(0, 0, rows), alone.masks_hq, 1e-5);
  expect_close(output.masks_sam.slice(0, 0, rows), alone.masks_sam, 1e-5);
}

TEST_P(MaskDecoderHq, MatchesReferenceTransformer) {
  TwoWayTransformer transformer(decoder->options().transformer);
  load_module(*transformer, map, "w.transformer.");
  transformer->to(GetParam());
  const int64_t rows = input.sparse.size(0);
  const auto tokens =
      torch::cat({map.at("w.iou_token.weight"), map.at("w.mask_tokens.weight")}).unsqueeze(0).expand({rows, -1, -1});
  const TwoWayOutput output = transformer->forward(input.image_embeddings.repeat_interleave(rows, 0) + input.dense,
                                                   input.image_pe, torch::cat({tokens, input.sparse}, 1));
  expect_close(output.queries, map.at("two_way.queries"), 1e-5);
  expect_close(output.keys, map.at("two_way.keys"), 1e-5);
}

TEST(MaskDecoder, RefusesTheHqPassWithoutHqModules) {
  MaskDecoderOptions options;
  options.transformer.embedding_dim = 32;
  options.vit_dim = 0;
  MaskDecoder sam(options);
  const DecoderInput input = {torch::zeros({1, 32, 4, 4}),
                              torch::zeros({1, 32, 4, 4}),
                              torch::zeros({1, 2, 32}),
                              torch::zeros({1, 32, 4, 4}),
                              {}};
  EXPECT_THROW(sam->forward(input, DecoderPass::kHqOnly), Error);
  EXPECT_EQ(sam->forward(input, DecoderPass::kSam).masks_sam.size(1), 4);
}

}  // namespace hqsam
