// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/hq_options.h"

#include <filesystem>
#include <set>

#include "golden.h"
#include "hqsam/core/error.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/huggingface.h"
#include "hqsam/model/unfilled.h"
#include "model/checkpoint_files.h"
#include "predict/tiny_model.h"

namespace hqsam {
using namespace testing_support;

namespace {

constexpr HqOptions kAlone{.mask_feature = MaskFeature::kPlain, .final_feature = false, .early_feature = false};

HqOptions with(HqOptions options, HqToken token) {
  options.token = token;
  return options;
}

constexpr HqOptions kFpn{.mask_feature = MaskFeature::kPlain, .fpn = true};

SamHqOptions tiny_with(const HqOptions& hq) {
  SamHqOptions options = tiny_options();
  options.mask_decoder.hq = hq;
  return options;
}

std::string refusal_of(const HqOptions& options) {
  return message_of([&] { options.validate(); });
}

// A picture with two prompts.
struct Decoded {
  ImageFeatures features;
  torch::Tensor shared;
  DecoderOutput output;
};
Decoded decode(SamHq& model, DecoderPass pass = DecoderPass::kSamAndHq) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(3);
  Decoded decoded;
  decoded.features = model->encode(torch::randint(0, 256, {1, 3, 64, 64}).to(torch::kUInt8));
  if (pass != DecoderPass::kSam) decoded.shared = model->mask_decoder->hq_features(decoded.features);
  PromptTensors prompts;
  prompts.boxes = torch::tensor({{4.0F, 8.0F, 40.0F, 50.0F}, {20.0F, 3.0F, 60.0F, 30.0F}});
  decoded.output = model->decode(decoded.features, decoded.shared, prompts, pass);
  return decoded;
}

// A model of these options with the tensors of `source` where both have them.
SamHq model_like(const SamHq& source, const HqOptions& hq) {
  SamHq model = tiny_model(tiny_with(hq));
  const torch::NoGradGuard no_grad;
  TensorMap map;
  map.tensors = named_tensors(source);
  for (auto& [key, tensor] : named_tensors(model)) {
    if (const torch::Tensor* same = map.find(key)) tensor.copy_(*same);
  }
  return model;
}

}  // namespace

TEST(HqOptions, RegistersTheModulesInUseAlone) {
  const std::set<std::string> token = {"hf_token", "hf_mlp"};
  const auto joined = [](std::set<std::string> a, const std::set<std::string>& b) {
    return a.insert(b.begin(), b.end()), a;
  };
  const std::set<std::string> all = {"compress_vit_feat", "embedding_encoder", "embedding_maskfeature"};
  const std::vector<std::pair<HqOptions, std::set<std::string>>> cases = {
      {{}, joined(token, all)},
      {kAlone, token},
      {{.final_feature = false, .early_feature = false}, joined(token, {"embedding_maskfeature"})},
      {{.early_feature = false}, joined(token, {"embedding_maskfeature", "embedding_encoder"})},
      {{.final_feature = false}, joined(token, {"embedding_maskfeature", "compress_vit_feat"})},
      {{.mask_feature = MaskFeature::kNone}, joined(token, {"embedding_encoder", "compress_vit_feat"})},
      {with(kAlone, HqToken::kContext), {"context_tokens"}},
      {with({}, HqToken::kContext), joined({"context_tokens"}, all)},
      {with(kAlone, HqToken::kTimesOutput), token},
      {kFpn, joined(token, {"fpn"})}};
  for (const auto& [hq, expected] : cases) {
    std::set<std::string> words;
    for (const auto& [key, tensor] : named_tensors(make_unfilled(tiny_with(hq)))) {
      if (!is_hq_key(key)) continue;
      const std::string name = key.substr(std::string("mask_decoder.").size());
      words.insert(name.substr(0, name.find('.')));
    }
    EXPECT_EQ(words, expected) << to_json(hq);
  }
  const SamHq context = make_unfilled(tiny_with(with(kAlone, HqToken::kContext)));
  EXPECT_EQ(context->named_parameters()["mask_decoder.context_tokens.weight"].sizes(), (std::vector<int64_t>{3, 32}));
}

TEST(HqOptions, AddUpTheirFeatures) {
  SamHq whole = tiny_model();
  const auto mask = [&](const HqOptions& hq) {
    SamHq part = model_like(whole, hq);
    return decode(part).output.masks_hq;
  };
  const auto convs = mask({.final_feature = false, .early_feature = false});
  const auto of_final = mask({.mask_feature = MaskFeature::kNone, .early_feature = false});
  const auto of_early = mask({.mask_feature = MaskFeature::kNone, .final_feature = false});
  for (const auto& part : {convs, of_final, of_early}) EXPECT_GT(part.abs().max().item<double>(), 0);
  expect_close(convs + of_final + of_early, decode(whole).output.masks_hq, 1e-5);
  expect_close(convs + of_early, mask({.final_feature = false}), 1e-5);
}

TEST(HqOptions, ContextTokensGiveSamsOwnTokenAsTheMask) {
  SamHq plain = tiny_model(tiny_with(with(kAlone, HqToken::kContext)));
  const Decoded decoded = decode(plain);
  EXPECT_FALSE(decoded.shared.defined());
  const auto single = decoded.output.masks_sam.narrow(1, 0, 1);
  expect_close(decoded.output.masks_hq, single, 1e-6);
  const auto sam = decode(plain, DecoderPass::kSam).output.masks_sam.narrow(1, 0, 1);
  EXPECT_GT(relative_difference(single, sam), 1e-3) << "the context tokens have no influence";
  EXPECT_TRUE(torch::equal(decode(plain, DecoderPass::kHqOnly).output.masks_hq, decoded.output.masks_hq));
  EXPECT_EQ(plain->mask_decoder->hq_token(), plain->mask_decoder->sam_token());

  SamHq fused = tiny_model(tiny_with(with({}, HqToken::kContext)));
  EXPECT_GT(relative_difference(decode(fused).output.masks_hq, single), 1e-3);
}

TEST(HqOptions, LeaveSamAsItIs) {
  SamHq sam = tiny_model(without_hq(tiny_options()));
  const auto expected = decode(sam, DecoderPass::kSam).output;
  for (const HqOptions& hq : {HqOptions(), with({}, HqToken::kContext), with(kAlone, HqToken::kTimesOutput), kFpn}) {
    SamHq model = model_like(sam, hq);
    const auto output = decode(model, DecoderPass::kSam).output;
    EXPECT_TRUE(torch::equal(output.masks_sam, expected.masks_sam)) << to_json(hq);
    EXPECT_TRUE(torch::equal(output.iou, expected.iou)) << to_json(hq);
  }
}

TEST(HqOptions, TimesOutputWeighsBothTokensByScaledProducts) {
  SamHq model = tiny_model(tiny_with(with(kAlone, HqToken::kTimesOutput)));
  // A network that gives the constant a: the mask is softmax([a.a, a.b] / sqrt(c)) [a; b] . feature.
  auto parameters = model->named_parameters();
  parameters["mask_decoder.hf_mlp.layers.2.weight"].zero_();
  auto a = parameters["mask_decoder.hf_mlp.layers.2.bias"];
  a.zero_();
  const Decoded none = decode(model);  // both products are 0: half of each, and a is nothing
  expect_close(none.output.masks_hq, none.output.masks_sam.narrow(1, 0, 1) / 2, 1e-5);
  a.fill_(40);  // its own product outweighs SAM's by far
  SamHq own = model_like(model, kAlone);
  expect_close(decode(model).output.masks_hq, decode(own).output.masks_hq, 1e-5);
}

TEST(HqOptions, APyramidAddsCoarseLevelsByTheNearestNeighbour) {
  const torch::NoGradGuard no_grad;
  FeaturePyramid pyramid(6, 5, 4, 2);
  auto parameters = pyramid->named_parameters();
  parameters["mask_lateral.weight"].zero_();
  parameters["mask_lateral.bias"].zero_();
  parameters["output.weight"].zero_();
  parameters["output.bias"].zero_();
  for (int64_t i = 0; i < 2; ++i) parameters["output.weight"].index_put_({i, i, 1, 1}, 1.0);  // the first two levels
  const auto embedding = torch::rand({1, 6, 3, 3}), early = torch::rand({1, 5, 3, 3});
  const auto coarse = pyramid->coarse(embedding, early);
  const auto lateral = [&](const char* name, const torch::Tensor& x) {
    return torch::einsum("oc,bchw->bohw", {parameters[fmt::format("{}.weight", name)].flatten(1), x}) +
           parameters[fmt::format("{}.bias", name)].view({1, -1, 1, 1});
  };
  expect_close(coarse, lateral("final_lateral", embedding) + lateral("early_lateral", early), 1e-5);
  const auto fine = pyramid->fine(torch::rand({1, 2, 12, 12}), coarse);
  expect_close(fine, coarse.narrow(1, 0, 2).repeat_interleave(4, 2).repeat_interleave(4, 3), 1e-6);

  SamHq model = tiny_model(tiny_with(kFpn));
  EXPECT_EQ(decode(model).shared.sizes(), (std::vector<int64_t>{1, 8, 4, 4}));
  EXPECT_EQ(decode(model).output.masks_hq.sizes(), (std::vector<int64_t>{2, 1, 16, 16}));
}

TEST(HqOptions, RefuseWhatMeansNothing) {
  EXPECT_EQ(refusal_of({}), "");
  EXPECT_NE(refusal_of({.mask_feature = MaskFeature::kNone, .final_feature = false, .early_feature = false})
                .find("no feature is left"),
            std::string::npos);
  EXPECT_NE(refusal_of({.fpn = true}).find("mask_feature to plain"), std::string::npos);
  HqOptions two = kFpn;
  two.early_feature = false;
  EXPECT_NE(refusal_of(two), "");
  EXPECT_NE(message_of([&] { SamHq model(tiny_with(two)); }), "");
}

TEST(HqOptions, ComeBackFromJsonAndRefuseAnyOther) {
  for (const HqOptions& hq : {HqOptions(), kAlone, kFpn, with({}, HqToken::kContext)}) {
    EXPECT_EQ(hq_options_from_json(to_json(hq)), hq);
  }
  for (
      const std::string text :
      {"", "[]", "7", "{}", R"({"token": "hq"})",
       R"({"token": "q", "mask_feature": "convs", "final_feature": true, "early_feature": true, "fpn": false})",
       R"({"token": "hq", "mask_feature": 1, "final_feature": true, "early_feature": true, "fpn": false})",
       R"({"token": "hq", "mask_feature": "convs", "final_feature": true, "early_feature": true, "fpn": true})",
       R"({"token": "hq", "mask_feature": "convs", "final_feature": 1, "early_feature": true, "fpn": false, "x": 0})"}) {
    EXPECT_NE(message_of([&] { hq_options_from_json(text); }), "") << text;
  }
  const std::string odd = R"({"mask_feature": "plain", "token": "\u001b[31m)" + std::string(40'000, 'x') + "\"}";
  const std::string said = message_of([&] { hq_options_from_json(odd); });
  EXPECT_LT(said.size(), 300U);
  EXPECT_EQ(said.find('\x1b'), std::string::npos) << said;
}

using HqOptionsFiles = CheckpointFiles;

TEST_F(HqOptionsFiles, AreInACheckpointsMetadata) {
  EXPECT_EQ(checkpoint_of(tiny_model()).metadata.count("hqsam.options"), 0U) << "HQ-SAM's own files say nothing";
  for (const HqOptions& hq : {kAlone, kFpn, with({}, HqToken::kContext), with(kAlone, HqToken::kTimesOutput),
                              HqOptions{.mask_feature = MaskFeature::kNone, .early_feature = false}}) {
    SamHq model = tiny_model(tiny_with(hq));
    for (const char* name : {"a.pth", "a.safetensors"}) {
      const auto path = write(name, checkpoint_of(model));
      EXPECT_EQ(read_checkpoint(path).dialect, "ablation of HQ-SAM");
      SamHq read = load_sam_hq(path);
      EXPECT_EQ(read->options().mask_decoder.hq, hq);
      EXPECT_TRUE(torch::equal(decode(read).output.masks_hq, decode(model).output.masks_hq)) << to_json(hq);
    }
    const auto base = write("base.pth", checkpoint_of(model, is_base_key));
    const auto trained = write("epoch.pth", checkpoint_of(model, is_hq_key));
    SamHq joined = load_sam_hq(trained, {.base = base});
    EXPECT_EQ(joined->options().mask_decoder.hq, hq);
    EXPECT_TRUE(torch::equal(decode(joined).output.masks_hq, decode(model).output.masks_hq)) << to_json(hq);
  }
}

TEST_F(HqOptionsFiles, TellWhatIsMissingWhereTheMetadataWent) {
  TensorMap map = checkpoint_of(tiny_model(tiny_with(with(kAlone, HqToken::kContext))));
  map.metadata.clear();
  const std::string message = message_of([&] { load_sam_hq(write("bare.pth", map)); });
  EXPECT_NE(message.find("mask_decoder.hf_token.weight"), std::string::npos) << message;
  map.metadata["hqsam.options"] = R"({"mask_decoder.hq": {"token": "new"}})";
  EXPECT_NE(message_of([&] { load_sam_hq(write("odd.pth", map)); }).find("odd.pth"), std::string::npos);
  map.metadata["hqsam.options"] = "[1";
  EXPECT_NE(message_of([&] { load_sam_hq(write("cut.pth", map)); }).find("hqsam.options is not sound JSON"),
            std::string::npos);
}

TEST_F(HqOptionsFiles, GiveASamTheModulesAskedForAndRefuseToChangeOthers) {
  const auto sam = write("sam.pth", checkpoint_of(tiny_model(without_hq(tiny_options()))));
  EXPECT_EQ(load_sam_hq(sam, {.hq_options = kFpn})->options().mask_decoder.hq, kFpn);
  const auto hq = write("hq.pth", checkpoint_of(tiny_model()));
  EXPECT_TRUE(load_sam_hq(hq, {.hq_options = HqOptions()})->has_hq());
  EXPECT_NE(message_of([&] { load_sam_hq(hq, {.hq_options = kFpn}); }).find("has HQ modules already"),
            std::string::npos);
}

TEST_F(HqOptionsFiles, AreNothingForTransformers) {
  SamHq model = tiny_model(tiny_with(kFpn));
  const std::string message =
      message_of([&] { write_huggingface(folder_ / "hf", model->options(), checkpoint_of(model)); });
  EXPECT_NE(message.find("no model for these HQ modules"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "hf"));
}

}  // namespace hqsam
