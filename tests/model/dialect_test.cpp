// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/dialect.h"

#include <functional>
#include <limits>

#include "golden.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/unfilled.h"
#include "model/checkpoint_files.h"

namespace hqsam {
using namespace testing_support;

namespace {

using DialectTest = CheckpointFiles;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_equal(const SamHq& actual, const SamHq& expected) {
  const auto a = named_tensors(actual), b = named_tensors(expected);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i].second, b[i].second)) << a[i].first;
}

TensorMap without(TensorMap map, const std::function<bool(const std::string&)>& dropped) {
  std::erase_if(map.tensors, [&](const auto& entry) { return dropped(entry.first); });
  return map;
}

}  // namespace

TEST(MakeUnfilled, HasTheTensorsOfAModelAndNormsThatDoNothing) {
  const auto unfilled = named_tensors(make_unfilled(micro())), filled = named_tensors(SamHq(micro()));
  ASSERT_EQ(unfilled.size(), filled.size());
  for (size_t i = 0; i < filled.size(); ++i) {
    EXPECT_EQ(unfilled[i].first, filled[i].first);
    EXPECT_EQ(unfilled[i].second.sizes(), filled[i].second.sizes());
    const bool norm = unfilled[i].first.find("norm") != std::string::npos;
    if (norm) EXPECT_TRUE(torch::equal(unfilled[i].second, filled[i].second)) << unfilled[i].first;
  }
  const auto drawn = torch::nn::Linear(64, 64)->weight;  // afterwards constructors draw as ever
  EXPECT_GT(drawn.std().item<float>(), 0.01);
}

TEST_F(DialectTest, GivesOneModelForEveryWayItsWeightsAreWritten) {
  const SamHq model = load_sam_hq(golden_path("sam_hq_micro.pth"));
  expect_equal(load_sam_hq(golden_path("sam_hq_micro_legacy.pth")), model);
  expect_equal(load_sam_hq(write("a.safetensors", checkpoint_of(model))), model);
  const SamHq half = load_sam_hq(golden_path("sam_hq_micro_nested_fp16.pth"));
  for (const auto& [key, tensor] : named_tensors(half)) EXPECT_EQ(tensor.scalar_type(), torch::kFloat32) << key;
}

TEST_F(DialectTest, AWriteIntoALoadedModelLeavesTheFileAlone) {
  const auto path = write("a.safetensors", golden("sam_hq_micro.pth"));
  const SamHq model = load_sam_hq(path);
  for (auto& [key, tensor] : named_tensors(model)) tensor.fill_(1);
  expect_equal(load_sam_hq(path), load_sam_hq(golden_path("sam_hq_micro.pth")));
}

TEST_F(DialectTest, CompletesAMaskDecoderAloneFromItsBase) {
  const auto base = write("sam.pth", without(golden("sam_hq_micro.pth"), is_hq_key));
  const std::string decoder = golden_path("mask_decoder_hq_micro.pth");
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(decoder); }), "--base"));
  expect_equal(load_sam_hq(decoder, {.base = base}), load_sam_hq(golden_path("sam_hq_micro.pth")));
  EXPECT_EQ(read_checkpoint(decoder, base).dialect, "mask decoder alone over SAM");
  EXPECT_FALSE(inspect_checkpoint(read_checkpoint(decoder)).whole);
  EXPECT_TRUE(contains(message_of([&] { read_checkpoint(decoder, decoder); }), "no image encoder"));
  EXPECT_TRUE(contains(message_of([&] { read_checkpoint(base, base); }), "leave the base out"));
}

TEST_F(DialectTest, KeepsEveryTensorOfAMaskDecoderAlone) {
  const Checkpoint decoder = read_checkpoint(golden_path("mask_decoder_hq_micro.pth"));
  for (const char* part : {"iou_token", "mask_tokens", "transformer", "output_upscaling", "output_hypernetworks_mlps",
                           "iou_prediction_head", "hf_token", "hf_mlp", "compress_vit_feat", "embedding_encoder",
                           "embedding_maskfeature"}) {
    const std::string name = std::string("mask_decoder.") + part + ".";
    EXPECT_TRUE(std::any_of(decoder.tensors.tensors.begin(), decoder.tensors.tensors.end(), [&](const auto& entry) {
      return entry.first.starts_with(name);
    })) << name;
  }
}

TEST_F(DialectTest, CompletesTrainedKeysFromTheirBase) {
  const SamHq model = load_sam_hq(golden_path("sam_hq_micro.pth"));
  const auto base = write("sam.pth", checkpoint_of(model, is_base_key));
  const auto trained = write("epoch_0001.pth", checkpoint_of(model, is_hq_key));
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(trained); }), "--base"));
  expect_equal(load_sam_hq(trained, {.base = base}), model);

  const auto with_qkv = write("lora.pth", checkpoint_of(model, [](const std::string& key) {
                                return is_hq_key(key) || key.ends_with(".attn.qkv.weight");
                              }));
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(with_qkv); }), "--base"));
  expect_equal(load_sam_hq(with_qkv, {.base = base}), model);

  TensorMap foreign = checkpoint_of(model, is_hq_key);
  foreign.set("mask_decoder.hf_mlp.layers.7.bias", torch::ones({1}));
  const auto odd = write("odd.pth", foreign);
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(odd, {.base = base}); }), "hf_mlp.layers.7.bias"));
  const auto other = write("micro.pth", checkpoint_of(SamHq(without_hq(micro()))));
  EXPECT_NE(message_of([&] { load_sam_hq(trained, {.base = other}); }), "");
}

TEST_F(DialectTest, KeepsWhatShapesDoNotTellInItsOwnFiles) {
  SamHqOptions options = load_sam_hq(golden_path("sam_hq_micro.pth"))->options();
  EXPECT_TRUE(options_metadata(options).empty());
  options.mask_decoder.transformer.layer_norm_eps = 1e-6;
  options.mask_decoder.transformer.num_heads = 4;
  options.pixel_mean[1] = 100;
  const SamHq model(options);
  for (const char* name : {"a.pth", "a.safetensors"}) {
    const SamHqOptions read = load_sam_hq(write(name, checkpoint_of(model)))->options();
    EXPECT_EQ(read.mask_decoder.transformer.layer_norm_eps, 1e-6);
    EXPECT_EQ(read.mask_decoder.transformer.num_heads, 4);
    EXPECT_EQ(read.pixel_mean[1], 100);
  }
  TensorMap damaged = golden("sam_hq_micro.pth");
  damaged.metadata["hqsam.options"] = "{\"mask_decoder.layer_norm_eps\": \"small\"}";
  EXPECT_TRUE(contains(message_of([&] { as_checkpoint(damaged); }), "hqsam.options is damaged"));
  damaged.metadata["hqsam.options"] = "{\"mask_decoder.num_heads\": 0}";
  EXPECT_TRUE(contains(message_of([&] { as_checkpoint(damaged); }), "heads (0)"));
  TensorMap no_patch = golden("sam_hq_micro.pth");
  for (auto& [key, tensor] : no_patch.tensors) {
    if (key == "image_encoder.patch_embed.proj.weight") tensor = torch::empty({tensor.size(0), 3, 0, 0});
  }
  EXPECT_TRUE(contains(message_of([&] { as_checkpoint(no_patch); }), "has no size"));
}

TEST_F(DialectTest, TellsHalfOfTheKeysAndAHoleAmongTheBlocks) {
  int64_t i = 0;
  const auto half = write("half.pth", without(golden("sam_hq_micro.pth"), [&](const auto&) { return ++i % 2 == 0; }));
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(half); }), "half.pth"));
  const auto hole = write("hole.pth", without(golden("sam_hq_micro.pth"), [](const std::string& key) {
                            return key.starts_with("image_encoder.blocks.1.mlp.");
                          }));
  const std::string message = message_of([&] { load_sam_hq(hole); });
  EXPECT_TRUE(contains(message, "lacks 4 keys")) << message;
  EXPECT_TRUE(contains(message, "image_encoder.blocks.1.mlp.lin1.weight")) << message;
  const auto headless = write("headless.pth", without(golden("sam_hq_micro.pth"), [](const std::string& key) {
                                return key == "mask_decoder.hf_token.weight";
                              }));
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(headless); }), "mask_decoder.hf_token.weight"));
}

TEST_F(DialectTest, NamesWhatAMisspeltKeyMayMean) {
  TensorMap map = golden("sam_hq_micro.pth");
  for (auto& [key, tensor] : map.tensors) {
    if (key == "mask_decoder.hf_mlp.layers.1.bias") key = "mask_decoder.hf_mlp.layer.1.bias";
  }
  const CheckpointInfo info = inspect_checkpoint(map);
  EXPECT_EQ(info.nearest.at("mask_decoder.hf_mlp.layer.1.bias"), "mask_decoder.hf_mlp.layers.1.bias");
  EXPECT_EQ(info.nearest.at("mask_decoder.hf_mlp.layers.1.bias"), "mask_decoder.hf_mlp.layer.1.bias");
  const auto path = write("slip.pth", map);
  EXPECT_TRUE(contains(message_of([&] { load_sam_hq(path); }), "'mask_decoder.hf_mlp.layer.1.bias' may be"));
}

TEST_F(DialectTest, CountsNumbersThatAreNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    TensorMap map = golden("sam_hq_micro.pth");
    torch::Tensor& spoilt = map.tensors.at(7).second;
    spoilt = spoilt.clone();
    spoilt.view(-1).slice(0, 0, 3).fill_(bad);
    const std::string message = message_of([&] { load_sam_hq(write("nan.pth", map)); });
    EXPECT_TRUE(contains(message, "3 numbers in 1 tensors")) << message;
    EXPECT_TRUE(contains(message, map.tensors.at(7).first)) << message;
  }
  TensorMap large;
  large.set("large", torch::full({4}, std::numeric_limits<float>::max()));
  EXPECT_TRUE(not_finite(large).empty());
}

TEST_F(DialectTest, RefusesAnotherVariantThanTheOneAsked) {
  const std::string message = message_of([] { load_sam_hq(golden_path("sam_hq_micro.pth"), {.variant = "vit_l"}); });
  EXPECT_TRUE(contains(message, "model.variant is vit_l")) << message;
}

}  // namespace hqsam
