// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/huggingface.h"

#include <nlohmann/json.hpp>

#include "golden.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/huggingface_config.h"
#include "hqsam/model/huggingface_keys.h"
#include "temporary_folder.h"

namespace hqsam {
using namespace testing_support;

namespace {

namespace fs = std::filesystem;

class HuggingFaceTest : public testing::Test {
 protected:
  // A copy of the golden folder whose config.json has other values.
  fs::path golden_with(const std::string& section, const nlohmann::json& values) const {
    const fs::path copy = folder_ / "changed";
    fs::remove_all(copy);
    fs::create_directories(copy);
    fs::copy(fs::path(golden_path("hf")) / "model.safetensors", copy);
    auto config = nlohmann::json::parse(read_file(golden_path("hf/config.json")));
    (section.empty() ? config : config[section]).update(values);
    write_file(copy / "config.json", config.dump());
    return copy;
  }

  TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path;
};

void expect_message(const fs::path& path, const std::string& part) {
  const std::string message = message_of([&] { read_huggingface(path); });
  EXPECT_NE(message.find(part), std::string::npos) << "no '" << part << "' in: " << message;
}

void expect_same(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [key, tensor] : a.tensors) EXPECT_TRUE(torch::equal(tensor, b.at(key))) << key;
}

}  // namespace

TEST(HuggingFace, MatchesTransformersOnItsOwnFolder) {
  const TensorMap expected = golden("hf/expected.safetensors");
  SamHq model = load_sam_hq(golden_path("hf"));
  const torch::NoGradGuard no_grad;
  const auto features = model->image_encoder->forward(expected.at("pixel_values"));
  const PromptTensors prompts{expected.at("input_points").squeeze(1),
                              expected.at("input_labels").squeeze(1),
                              expected.at("input_boxes").squeeze(1),
                              {}};
  const auto output =
      model->decode(features, model->mask_decoder->hq_features(features), prompts, DecoderPass::kSamAndHq);

  const auto masks = [&](const char* name) { return expected.at(name).squeeze(1); };
  const auto [iou, order] = output.iou.slice(1, 1).sort(1, /*descending=*/true);
  const auto three = output.masks_sam.slice(1, 1).index_select(1, order.squeeze(0));
  EXPECT_TRUE(model->options().mask_decoder.like_transformers);
  EXPECT_FALSE(load_sam_hq(golden_path("hf"), {.weights_alone = true})->options().mask_decoder.like_transformers);
  expect_close(output.masks_sam.slice(1, 0, 1) + output.masks_hq, masks("multimask0.only0.pred_masks"));
  expect_close(output.masks_hq, masks("multimask0.only1.pred_masks"));
  expect_close(three + output.masks_hq, masks("multimask1.only0.pred_masks"));
  expect_close(output.masks_hq, masks("multimask1.only1.pred_masks"));
  expect_close(output.iou.slice(1, 0, 1), masks("multimask0.only0.iou_scores"));
  expect_close(iou, masks("multimask1.only0.iou_scores"));
}

TEST(HuggingFace, BringsEpsilonsOfItsConfig) {
  const Checkpoint checkpoint = read_checkpoint(golden_path("hf"));
  EXPECT_EQ(checkpoint.dialect, "Hugging Face SamHQModel");
  EXPECT_EQ(checkpoint.options.mask_decoder.transformer.layer_norm_eps, 1e-6);
  EXPECT_EQ(checkpoint.options.mask_decoder.transformer.final_norm_eps, 1e-5);
  const CheckpointInfo info = inspect_checkpoint(checkpoint);
  EXPECT_TRUE(info.missing.empty() && info.unknown.empty());
  for (const char* path : {"hf/config.json", "hf/model.safetensors"}) {
    EXPECT_EQ(read_checkpoint(golden_path(path)).dialect, checkpoint.dialect) << path;
  }
}

TEST(HuggingFaceKeys, GoThereAndBack) {
  const SamHq model = load_sam_hq(golden_path("sam_hq_micro.pth"));
  const TensorMap map = checkpoint_of(model), there = with_huggingface_keys(map);
  EXPECT_TRUE(has_huggingface_keys(there));
  EXPECT_FALSE(has_huggingface_keys(map));
  expect_same(with_sam_keys(there), map);
  const TensorMap golden_folder = golden("hf/model.safetensors");
  expect_same(with_huggingface_keys(with_sam_keys(golden_folder)), golden_folder);
}

TEST_F(HuggingFaceTest, ReadsWhatItWroteInOneFileAndInShards) {
  const TensorMap whole = golden("sam_hq_micro.pth");
  for (const TensorMap& map : {whole, checkpoint_of(load_sam_hq(golden_path("sam_hq_micro.pth")), is_base_key)}) {
    for (const int64_t shard_bytes : {kHuggingFaceShardBytes, int64_t{100'000}}) {
      const SamHqOptions options = as_checkpoint(map).options;
      const fs::path out = folder_ / "out";
      fs::remove_all(out);
      write_huggingface(out, options, map, shard_bytes);
      EXPECT_EQ(fs::exists(out / "model.safetensors.index.json"), shard_bytes < kHuggingFaceShardBytes);
      const HuggingFaceModel read = read_huggingface(out);
      expect_same(read.tensors, map);
      EXPECT_EQ(read.options.mask_decoder.transformer.layer_norm_eps, 1e-5);
      EXPECT_EQ(read.options.mask_decoder.vit_dim, options.mask_decoder.vit_dim);
      EXPECT_EQ(read.options.pixel_mean, options.pixel_mean);
      EXPECT_NE(message_of([&] { write_huggingface(out, options, map); }).find("exists already"), std::string::npos);
    }
  }
  for (const auto& entry : fs::directory_iterator(folder_)) EXPECT_EQ(entry.path().extension(), "") << entry.path();
}

TEST_F(HuggingFaceTest, ReadsPytorchBin) {
  const fs::path copy = golden_with("", nlohmann::json::object());
  write_pth(copy / "pytorch_model.pth", read_safetensors(copy / "model.safetensors"));
  fs::rename(copy / "pytorch_model.pth", copy / "pytorch_model.bin");
  fs::remove(copy / "model.safetensors");
  expect_same(read_huggingface(copy).tensors, read_huggingface(golden_path("hf")).tensors);
}

TEST_F(HuggingFaceTest, TellsWhichFileIsMissing) {
  const fs::path copy = golden_with("", nlohmann::json::object());
  fs::remove(copy / "model.safetensors");
  expect_message(copy, "model.safetensors");
  const TensorMap map = golden("sam_hq_micro.pth");
  const fs::path out = folder_ / "out";
  write_huggingface(out, as_checkpoint(map).options, map, 100'000);
  const auto shards = std::distance(fs::directory_iterator(out), {}) - 3;  // and config, index, preprocessor_config
  const auto shard = [&](int i) { return fmt::format("model-{:05}-of-{:05}.safetensors", i, shards); };
  fs::rename(out / shard(2), folder_ / "elsewhere");
  expect_message(out, shard(2) + ", which is not there");
  write_file(out / "model.safetensors.index.json", R"({"weight_map": {"a": "../elsewhere"}})");
  expect_message(out, "expected a file of that folder");
  write_file(out / "model.safetensors.index.json", fmt::format(R"({{"weight_map": {{"a": "{}"}}}})", shard(1)));
  expect_message(out, fmt::format("says that {} holds 'a'", shard(1)));
  write_file(out / "model.safetensors.index.json", "{");
  expect_message(out, "is not sound JSON");
  fs::remove(out / "config.json");
  expect_message(out, "has no config.json");
}

TEST_F(HuggingFaceTest, RefusesJsonThatNestsDeepAndNumbersThatMakeNoModel) {
  const std::string deep =
      "{\"vision_config\": {\"hidden_act\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}}";
  const fs::path copy = golden_with("", nlohmann::json::object());
  for (const char* std : {"[0, 0, 0]", "[1e300, 1, 1]", "[-1, 1, 1]"}) {
    write_file(copy / "preprocessor_config.json", fmt::format("{{\"image_std\": {}}}", std));
    expect_message(copy, "the pixels' mean and deviation");
  }
  write_file(copy / "preprocessor_config.json", deep);
  expect_message(copy, "preprocessor_config.json is nested more than 32 deep");
  write_file(copy / "config.json", deep);
  expect_message(copy, "changed/config.json is nested more than 32 deep");
  fs::rename(copy / "model.safetensors", copy / "model-00001-of-00001.safetensors");
  write_file(copy / "model.safetensors.index.json", deep);
  expect_message(copy, "index.json is nested more than 32 deep");
  expect_message(golden_with("vision_config", {{"mlp_ratio", 1e300}}), "mlp_ratio is 1e+300");
}

TEST_F(HuggingFaceTest, RefusesWhatTheModelCannotExpress) {
  const auto encoder = std::get<ImageEncoderVitOptions>(read_huggingface(golden_path("hf")).options.image_encoder);
  const int64_t size = encoder.image_size;
  expect_message(golden_with("", {{"model_type", "sam2"}}), "model_type is \"sam2\"");
  expect_message(golden_with("", {{"vision_config", 7}}), "vision_config expects an object");
  expect_message(golden_with("vision_config", {{"hidden_act", "silu"}}), "vision_config.hidden_act is silu");
  expect_message(golden_with("vision_config", {{"use_rel_pos", false}}), "vision_config.use_rel_pos is false");
  expect_message(golden_with("vision_config", {{"num_hidden_layers", 99}}),
                 fmt::format("num_hidden_layers is 99, the weights say {}", encoder.depth));
  expect_message(golden_with("vision_config", {{"num_hidden_layers", "4"}}), "num_hidden_layers cannot be \"4\"");
  expect_message(golden_with("vision_config", {{"global_attn_indexes", {99}}}), "global_attn_indexes is [99]");
  expect_message(golden_with("mask_decoder_config", {{"hidden_act", "gelu"}}),
                 "mask_decoder_config.hidden_act is gelu");
  expect_message(golden_with("mask_decoder_config", {{"layer_norm_eps", -1}}), "mask_decoder_config.layer_norm_eps");
  expect_message(golden_with("prompt_encoder_config", {{"image_size", {size, size / 2}}}),
                 "prompt_encoder_config.image_size");
  EXPECT_NE(message_of([&] { huggingface_config(vit_tiny(), "float32"); }).find("TinyViT"), std::string::npos);
  const fs::path other = golden_with("vision_config", {{"layer_norm_eps", 1e-3}, {"image_size", {size, size}}});
  EXPECT_EQ(std::get<ImageEncoderVitOptions>(read_huggingface(other).options.image_encoder).layer_norm_eps, 1e-3);
}

}  // namespace hqsam
