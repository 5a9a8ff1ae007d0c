// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/checkpoint.h"

#include "golden_options.h"
#include "hqsam/core/error.h"
#include "hqsam/model/best_masks.h"
#include "hqsam/model/unfilled.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

TEST(Variants, HaveThePublishedNumberOfParameters) {
  // Millions of all and of HQ's, as in the reference's modules; the share is the published one, in percent.
  struct Expected {
    SamHqOptions options;
    double millions, hq_millions, share;
  };
  for (const auto& [options, millions, hq_millions, share] :
       {Expected{vit_b(), 94.81, 1.07, 1.13}, Expected{vit_l(), 313.68, 1.33, 0.43},
        Expected{vit_h(), 642.69, 1.60, 0.25}, Expected{vit_tiny(), 10.58, 0.449, 4.24}}) {
    const SamHq model = make_unfilled(options);
    double all = 0, hq = 0;
    for (const auto& item : model->named_parameters()) {
      all += static_cast<double>(item.value().numel()) / 1e6;
      if (is_hq_key(item.key())) hq += static_cast<double>(item.value().numel()) / 1e6;
    }
    EXPECT_NEAR(all, millions, 0.01);
    EXPECT_NEAR(hq, hq_millions, 0.01);
    EXPECT_NEAR(100 * hq / all, share, 0.05);
  }
}

TEST(BestMasks, AreToldByTheCheckpointsMetadata) {
  const TemporaryFolder folder;
  const auto path = folder.path / "model.pth";
  TensorMap map{{{"mask_decoder.iou_token.weight", torch::ones({1, 2})}}, {}};
  write_pth(path, map);
  EXPECT_FALSE(best_masks_of(path));
  map.metadata[kBestMasksMetadata] = "hq";
  write_pth(path, map);
  EXPECT_EQ(best_masks_of(path), MaskKind::kHq);
  map.metadata[kBestMasksMetadata] = "finest";
  write_safetensors(path, map);
  EXPECT_THROW(best_masks_of(path), Error);
  EXPECT_FALSE(best_masks_of(folder.path));
}

TEST(Variants, KeepTheirNamesAtOtherSizes) {
  for (const std::string& name : variant_names()) {
    SamHqOptions options = variant_by_name(name);
    EXPECT_EQ(variant_name(options), name);
    options.set_image_size(384);
    options.validate();
    EXPECT_EQ(variant_name(options), name);
    EXPECT_EQ(options.prompt_encoder.grid, 24);
    EXPECT_EQ(variant_name(without_hq(options)), name);
  }
  EXPECT_NE(message_of([] { variant_by_name("vit_m"); }).find("did you mean 'vit_"), std::string::npos);
}

TEST(Checkpoint, ReadsTheArchitectureFromShapes) {
  const TensorMap map = golden("sam_hq_micro.pth");
  const CheckpointInfo info = inspect_checkpoint(map);
  const MaskDecoderOptions decoder = mask_decoder_options(map, "mask_decoder.");
  EXPECT_EQ(info.dialect, "HQ-SAM");
  EXPECT_EQ(info.dtype, "fp32");
  EXPECT_TRUE(info.missing.empty());
  EXPECT_TRUE(info.unknown.empty());
  EXPECT_EQ(info.options.image_size(), golden("sam_hq_predict.safetensors").at("preprocessed").size(3));
  EXPECT_EQ(info.options.mask_decoder.vit_dim, decoder.vit_dim);
  EXPECT_EQ(info.options.mask_decoder.iou_head_hidden_dim, decoder.iou_head_hidden_dim);
  EXPECT_EQ(info.options.mask_decoder.transformer.embedding_dim, decoder.transformer.embedding_dim);
  EXPECT_EQ(info.options.mask_decoder.transformer.mlp_dim, decoder.transformer.mlp_dim);
  EXPECT_EQ(info.options.mask_decoder.transformer.downsample_rate, 2);
  for (const auto& make : {vit_b, micro}) {  // what we write says what it is
    SamHq model(make());
    const CheckpointInfo own = inspect_checkpoint(checkpoint_of(model));
    EXPECT_EQ(own.architecture, variant_name(make()));
    EXPECT_TRUE(own.missing.empty() && own.unknown.empty());
  }
}

TEST(Checkpoint, GivesASamCheckpointFreshHqModulesFromTheSeed) {
  const TemporaryFolder temporary;
  const auto path = temporary.path / "sam.safetensors";
  SamHq source = load_sam_hq(golden_path("sam_hq_micro.pth"));
  write_safetensors(path, checkpoint_of(source, is_base_key));

  const std::string key = "mask_decoder.hf_token.weight";
  const auto token = [&](uint64_t seed) { return load_sam_hq(path, {.seed = seed})->named_parameters()[key].clone(); };
  EXPECT_TRUE(torch::equal(token(1), token(1)));
  EXPECT_FALSE(torch::equal(token(1), token(2)));
  EXPECT_TRUE(load_sam_hq(path)->has_hq());
  EXPECT_FALSE(load_sam_hq(path, {.hq = HqModules::kAsFound})->has_hq());
  EXPECT_NE(message_of([&] { load_sam_hq(path, {.hq = HqModules::kRequired}); }).find("hqsam train"),
            std::string::npos);
}

TEST(Checkpoint, NamesMissingKeysAndForeignFiles) {
  TensorMap map = golden("sam_hq_micro.pth");
  const auto drop = [&](const std::string& key) {
    std::erase_if(map.tensors, [&](const auto& item) { return item.first == key; });
  };
  drop("mask_decoder.hf_mlp.layers.1.bias");
  map.set("mask_decoder.something_else", torch::ones({1}));
  const CheckpointInfo info = inspect_checkpoint(map);
  EXPECT_EQ(info.missing, std::vector<std::string>{"mask_decoder.hf_mlp.layers.1.bias"});
  EXPECT_EQ(info.unknown, std::vector<std::string>{"mask_decoder.something_else"});

  TensorMap foreign;
  foreign.set("conv1.weight", torch::ones({1}));
  EXPECT_NE(message_of([&] { inspect_checkpoint(foreign); }).find("not a SAM checkpoint"), std::string::npos);
}

TEST(Checkpoint, RefusesAWrongShape) {
  TensorMap map = golden("sam_hq_micro.pth");
  SamHq model(inspect_checkpoint(map).options);
  map.set("mask_decoder.hf_token.weight", torch::ones({2, 2}));
  EXPECT_NE(message_of([&] { load_tensors(model, map); }).find("mask_decoder.hf_token.weight"), std::string::npos);
}

TEST(Initialize, LeavesTheBaseAloneWhenOnlyHqIsAsked) {
  SamHq model = load_sam_hq(golden_path("sam_hq_micro.pth"));
  const TensorMap before = checkpoint_of(model);
  std::map<std::string, torch::Tensor> copies;
  for (const auto& [key, tensor] : before.tensors) copies[key] = tensor.clone();
  initialize(model, InitScope::kHq, 7);
  for (const auto& [key, tensor] : checkpoint_of(model).tensors) {
    const bool norm = tensor.dim() == 1 && key.find(".1.") != std::string::npos;  // layer norms keep their weights
    if (norm) continue;
    EXPECT_EQ(torch::equal(tensor, copies[key]), !is_hq_key(key)) << key;
  }
}

}  // namespace hqsam
