// SPDX-License-Identifier: Apache-2.0
// Checkpoints that differ from SAM's: read right, or refused by the name of what differs.
#include <nlohmann/json.hpp>

#include "golden.h"
#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/huggingface_keys.h"
#include "model/checkpoint_files.h"

namespace hqsam {
using namespace testing_support;

namespace {

class ForeignCheckpoints : public CheckpointFiles {
 protected:
  std::string refusal(const TensorMap& map) const {
    const auto path = write("x.pth", map);
    return message_of([&] { load_sam_hq(path); });
  }
  void expect_refused(const TensorMap& map, const std::string& part) const {
    const std::string message = refusal(map);
    EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in: " << message;
    EXPECT_NE(message.find("x.pth"), std::string::npos) << message;
  }
  // The micro HQ-SAM and a tensor more, or another in a key's place.
  static TensorMap and_also(const std::string& key, torch::Tensor tensor = torch::zeros({4, 4})) {
    TensorMap map = golden("sam_hq_micro.pth");
    map.set(key, std::move(tensor));
    return map;
  }
  SamHqOptions options_of(const TensorMap& map) const { return read_checkpoint(write("x.pth", map)).options; }
};

TensorMap with_pixels(std::vector<float> mean, std::vector<float> std) {
  TensorMap map = golden("sam_hq_micro.pth");
  if (!mean.empty()) map.set("pixel_mean", torch::tensor(mean).view({-1, 1, 1}));
  if (!std.empty()) map.set("pixel_std", torch::tensor(std).view({-1, 1, 1}));
  return map;
}

}  // namespace

TEST_F(ForeignCheckpoints, WithPartsThatChangeTheModelAreRefusedByName) {
  for (const std::string& info_too :
       {"image_encoder.blocks.0.Adapter.channel.0.weight", "image_encoder.blocks.0.MLP_Adapter.D_fc1.weight"}) {
    expect_refused(and_also(info_too), "the model has an adapter");
    EXPECT_NE(message_of([&] { read_checkpoint(folder_ / "x.pth"); }).find(info_too), std::string::npos);
  }
  for (const char* lora :
       {"image_encoder.blocks.0.attn.qkv.linear_a_q.weight", "image_encoder.blocks.0.attn.qkv.lora_A.default.weight",
        "image_encoder.blocks.0.attn.qkv.qkv.weight", "image_encoder.blocks.0.attn.proj.base_layer.bias",
        "mask_decoder.transformer.layers.0.self_attn.q_proj.lora_down.weight"}) {
    expect_refused(and_also(lora), "low-rank terms (LoRA)");
  }
  expect_refused(and_also("image_encoder.prompt_generator.shared_mlp.weight"), "a prompt generator");
  expect_refused(and_also("mask_decoder.hf_gate.weight"), "1 tensors in SAM's modules");
  expect_refused(and_also("prompt_encoder.point_embeddings.4.weight"), "prompt_encoder.point_embeddings.4.weight");
}

TEST_F(ForeignCheckpoints, WithBookkeepingAloneLoad) {
  for (const char* key : {"image_encoder.total_ops", "mask_decoder.total_params",
                          "image_encoder.neck.1.num_batches_tracked", "n_averaged", "head.weight"}) {
    EXPECT_EQ(refusal(and_also(key)), "") << key;
  }
}

TEST_F(ForeignCheckpoints, OfOtherShapesAreRefused) {
  const TensorMap fine = golden("sam_hq_micro.pth");
  const auto& tokens = fine.at("mask_decoder.mask_tokens.weight");
  expect_refused(and_also("mask_decoder.mask_tokens.weight", torch::zeros({9, tokens.size(1)})),
                 "has 9 tokens where SAM has 4");
  const auto positions = fine.at("image_encoder.pos_embed").unsqueeze(1);
  expect_refused(and_also("image_encoder.pos_embed", positions.repeat({1, positions.size(2), 1, 1, 1})), "SAM-Med3D");
  const std::string pruned = "image_encoder.blocks.1.mlp.lin1.weight";
  const int64_t width = fine.at(pruned).size(1);
  const TensorMap map = and_also(pruned, torch::zeros({5, width}));
  expect_refused(map, fmt::format("'{}' is [5,{}], not [", pruned, width));
  EXPECT_EQ(inspect_checkpoint(map).reshaped.size(), 1u);
}

TEST_F(ForeignCheckpoints, OfOnePartSaySo) {
  TensorMap map = golden("sam_hq_micro.pth");
  std::erase_if(map.tensors, [](const auto& entry) { return !entry.first.starts_with("image_encoder."); });
  expect_refused(map, "no mask_decoder");
  map = golden("sam_hq_micro.pth");
  std::erase_if(map.tensors, [](const auto& entry) { return entry.first.starts_with("prompt_encoder."); });
  expect_refused(map, "no prompt_encoder");
}

TEST_F(ForeignCheckpoints, UseThePixelsMeanAndDeviationOfTheFile) {
  const SamHqOptions sam;
  const SamHqOptions same = options_of(with_pixels({123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F}));
  EXPECT_EQ(same.pixel_mean, sam.pixel_mean);
  EXPECT_EQ(same.pixel_std, sam.pixel_std);
  const SamHqOptions units = options_of(with_pixels({0.5F, 0.25F, 0.5F}, {0.5F, 0.5F, 0.25F}));
  EXPECT_EQ(units.pixel_mean, (std::array<double, 3>{127.5, 63.75, 127.5}));
  EXPECT_EQ(units.pixel_std, (std::array<double, 3>{127.5, 127.5, 63.75}));
  const SamHqOptions zero = options_of(with_pixels({0, 0, 0}, {255, 255, 255}));
  EXPECT_EQ(zero.pixel_mean, (std::array<double, 3>{0, 0, 0}));
  EXPECT_EQ(zero.pixel_std, (std::array<double, 3>{255, 255, 255}));
  EXPECT_EQ(options_of(with_pixels({100, 101, 102}, {})).pixel_mean, (std::array<double, 3>{100, 101, 102}));
  EXPECT_EQ(refusal(with_pixels({127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F})), "");
}

TEST_F(ForeignCheckpoints, RefuseAPixelMeanOfUnknownScale) {
  expect_refused(with_pixels({0, 0, 0}, {1, 1, 1}), "a pixel_mean of 0 0 0 and a pixel_std of 1 1 1");
  expect_refused(with_pixels({0.5F, 0.5F, 0.5F}, {}), "a pixel_mean of 0.5 0.5 0.5");
  expect_refused(with_pixels({}, {0, 0, 0}), "a pixel_std of 0 0 0");
  expect_refused(with_pixels({std::nanf(""), 0, 0}, {255, 255, 255}), "a pixel_mean of nan 0 0");
  expect_refused(with_pixels({1}, {}), "'pixel_mean' has shape [1,1,1]");
}

TEST_F(ForeignCheckpoints, SayWhatSizeOfATinyVitIsAssumed) {
  TensorMap map = checkpoint_of(SamHq(vit_tiny()));
  EXPECT_TRUE(inspect_checkpoint(map).assumed.empty());
  map.metadata.clear();
  const CheckpointInfo info = inspect_checkpoint(map);
  EXPECT_EQ(info.assumed.at("image size").substr(0, 11), "1024 pixels");
  EXPECT_TRUE(info.missing.empty());
  EXPECT_TRUE(inspect_checkpoint(golden("sam_hq_micro.pth")).assumed.empty());
}

TEST_F(ForeignCheckpoints, OfHuggingFaceNeedNoConfig) {
  const TensorMap folder = golden("hf/model.safetensors");
  TensorMap prefixed = folder;
  for (auto& [key, tensor] : prefixed.tensors) key = "model_state_dict.model." + key;
  for (const TensorMap& map : {folder, prefixed}) {
    for (const char* name : {"a.safetensors", "a.pth"}) {
      const Checkpoint read = read_checkpoint(write(name, map));
      const Checkpoint expected = read_checkpoint(golden_path("hf"));
      EXPECT_EQ(read.dialect, "Hugging Face SamHQModel");
      EXPECT_TRUE(read.assumed.contains("config.json"));
      EXPECT_EQ(read.options.mask_decoder.transformer.layer_norm_eps, 1e-6);
      EXPECT_EQ(read.options.mask_decoder.transformer.final_norm_eps, 1e-5);
      EXPECT_TRUE(read.options.mask_decoder.like_transformers);
      ASSERT_EQ(read.tensors.tensors.size(), expected.tensors.tensors.size());
      for (const auto& [key, tensor] : expected.tensors.tensors) {
        EXPECT_TRUE(torch::equal(tensor, read.tensors.at(key))) << key;
      }
    }
  }
  TensorMap sam = golden("sam_hq_micro.pth");
  std::erase_if(sam.tensors, [](const auto& entry) { return is_hq_key(entry.first); });
  EXPECT_EQ(read_checkpoint(write("b.pth", with_huggingface_keys(sam))).dialect, "Hugging Face SamModel");
}

TEST_F(ForeignCheckpoints, OfHuggingFaceUseTheConfigBesideAFileOfAnyName) {
  std::filesystem::copy(golden_path("hf/config.json"), folder_);
  TensorMap fine = golden("hf/model.safetensors"), other = fine;
  for (auto& [key, tensor] : other.tensors) tensor = tensor * 0.5;
  write("model.safetensors", other);
  const Checkpoint read = read_checkpoint(write("fine.safetensors", fine));
  EXPECT_TRUE(read.assumed.empty());
  EXPECT_TRUE(torch::equal(read.tensors.at("image_encoder.pos_embed"), fine.at("vision_encoder.pos_embed")));
  EXPECT_FALSE(read_checkpoint(write("sam.pth", golden("sam_hq_micro.pth"))).options.mask_decoder.like_transformers);
}

TEST_F(ForeignCheckpoints, OfHuggingFaceWithLowRankTermsAreRefused) {
  TensorMap map = golden("hf/model.safetensors");
  for (auto& [key, tensor] : map.tensors) key = "base_model.model." + key;
  map.set("base_model.model.vision_encoder.layers.0.attn.qkv.lora_A.default.weight", torch::zeros({1}));
  expect_refused(map, "low-rank terms (LoRA)");
}

TEST_F(ForeignCheckpoints, WithHostileMetadataAreRefusedInShortLines) {
  const auto message = [&](const char* key, const std::string& value) {
    TensorMap map = golden("sam_hq_micro.pth");
    map.metadata[key] = value;
    return message_of([&] { read_checkpoint(write("x.safetensors", map)); });
  };
  const std::string open(200'000, '['), close(200'000, ']');
  EXPECT_NE(message("hqsam.options", "{\"mask_decoder.hq\": " + open + close + "}").find("nested more than 32 deep"),
            std::string::npos);
  EXPECT_NE(message("hqsam.options", open + close).find("nested more than 32 deep"), std::string::npos);
  EXPECT_NE(message("hqsam.options", open).find("nested more than 32 deep"), std::string::npos);
  for (const std::string& value : {"\"" + std::string(100'000, 'x') + "\"", std::string("1e30"), std::string("2.5")}) {
    const std::string said = message("hqsam.options", "{\"mask_decoder.num_heads\": " + value + "}");
    EXPECT_NE(said.find("is not a whole number"), std::string::npos) << said.substr(0, 200);
    EXPECT_LT(said.size(), 400u);
  }
  EXPECT_EQ(json_shown(nlohmann::json(std::string(1000, 'x'))).size(), 83u);
}

}  // namespace hqsam
