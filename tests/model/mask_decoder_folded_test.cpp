// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "golden.h"
#include "hqsam/model/mask_decoder.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cpu.h"

namespace hqsam {
namespace {

struct Case {
  int64_t channels, grid, images, rows, prompt_tokens;
  bool masks;
};

class FoldedDecoder : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!has_cpu_kernels()) GTEST_SKIP() << "this CPU takes the plain road";
  }
  static MaskDecoderOptions options(HqOptions hq = {}) {
    MaskDecoderOptions options;
    options.transformer.embedding_dim = GetParam().channels;
    options.transformer.mlp_dim = 64;
    options.vit_dim = 24;
    options.hq = hq;
    return options;
  }
  static DecoderInput input(MaskDecoder& decoder) {
    const Case& of = GetParam();
    torch::manual_seed(7);
    const ImageFeatures features{torch::randn({of.images, of.channels, of.grid, of.grid}),
                                 {torch::randn({of.images, of.grid, of.grid, 24})}};
    DecoderInput input;
    input.image_embeddings = features.image_embeddings;
    input.image_pe = torch::randn({1, of.channels, of.grid, of.grid});
    input.sparse = torch::randn({of.rows, of.prompt_tokens, of.channels});
    input.dense = of.masks ? torch::randn({of.rows, of.channels, of.grid, of.grid})
                           : torch::randn({1, of.channels, 1, 1}).expand({of.rows, -1, of.grid, of.grid});
    if (decoder->has_hq_features()) input.hq_features = decoder->hq_features(features);
    return input;
  }
  // The folded masks beside the plain ones, which gradients ask for.
  static void expect_equal(HqOptions hq, bool bf16, double tolerance) {
    torch::manual_seed(3);
    MaskDecoder decoder(options(hq));
    const Bf16Scope autocast(at::DeviceType::CPU, bf16);
    const DecoderInput prompts = input(decoder);
    for (const DecoderPass pass : {DecoderPass::kSam, DecoderPass::kSamAndHq, DecoderPass::kHqOnly}) {
      const DecoderOutput plain = decoder->forward(prompts, pass);
      const torch::NoGradGuard no_grad;
      const DecoderOutput folded = decoder->forward(prompts, pass);
      if (plain.masks_sam.defined()) {
        testing_support::expect_close(folded.masks_sam, plain.masks_sam.detach().to(torch::kFloat), tolerance, "sam");
        testing_support::expect_close(folded.iou, plain.iou.detach().to(torch::kFloat), tolerance, "iou");
      }
      if (plain.masks_hq.defined()) {
        testing_support::expect_close(folded.masks_hq, plain.masks_hq.detach().to(torch::kFloat), tolerance, "hq");
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Of, FoldedDecoder,
                         testing::Values(Case{128, 8, 1, 1, 2, false}, Case{128, 8, 1, 3, 7, true},
                                         Case{256, 12, 1, 5, 2, false}, Case{128, 12, 2, 4, 3, false},
                                         Case{128, 36, 1, 2, 3, false}, Case{128, 24, 1, 2, 80, false}));

TEST_P(FoldedDecoder, GivesThePlainMasks) { expect_equal({}, false, 2e-5); }

TEST_P(FoldedDecoder, GivesThePlainMasksInBf16) { expect_equal({}, true, 3e-2); }

TEST_P(FoldedDecoder, GivesThePlainMasksOfOtherHqModules) {
  expect_equal({.token = HqToken::kContext, .mask_feature = MaskFeature::kPlain}, false, 2e-5);
  expect_equal({.mask_feature = MaskFeature::kNone}, false, 2e-5);
  expect_equal({.final_feature = false, .early_feature = false}, false, 2e-5);
  expect_equal({.fpn = true}, false, 2e-5);
}

TEST_P(FoldedDecoder, GivesTheSameBitsForAnyThreads) {
  torch::manual_seed(3);
  MaskDecoder decoder(options());
  const torch::NoGradGuard no_grad;
  const DecoderInput prompts = input(decoder);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const DecoderOutput one = decoder->forward(prompts, DecoderPass::kSamAndHq);
  at::set_num_threads(3);
  const DecoderOutput three = decoder->forward(prompts, DecoderPass::kSamAndHq);
  at::set_num_threads(threads);
  EXPECT_TRUE(torch::equal(one.masks_sam, three.masks_sam));
  EXPECT_TRUE(torch::equal(one.masks_hq, three.masks_hq));
}

TEST_P(FoldedDecoder, GivesAPromptTheSameBitsInAnyBatch) {
  if (GetParam().images > 1) return;
  torch::manual_seed(3);
  MaskDecoder decoder(options());
  const torch::NoGradGuard no_grad;
  DecoderInput prompts = input(decoder);
  const DecoderOutput all = decoder->forward(prompts, DecoderPass::kSamAndHq);
  const int64_t last = GetParam().rows - 1;
  prompts.sparse = prompts.sparse.narrow(0, last, 1);
  prompts.dense = prompts.dense.narrow(0, last, 1);
  const DecoderOutput alone = decoder->forward(prompts, DecoderPass::kSamAndHq);
  EXPECT_TRUE(torch::equal(all.masks_sam[last], alone.masks_sam[0]));
  EXPECT_TRUE(torch::equal(all.masks_hq[last], alone.masks_hq[0]));
  EXPECT_TRUE(torch::equal(all.iou[last], alone.iou[0]));
}

}  // namespace
}  // namespace hqsam
