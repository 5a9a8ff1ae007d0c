// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/huggingface_config.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kFunction = "read_huggingface";
constexpr double kEpsilon = 1e-6;        // of all norms but one, where config.json does not say
constexpr int64_t kPointEmbeddings = 4;  // negative, positive, two corners of a box

// One part of config.json. Missing values are transformers' defaults.
class Section {
 public:
  Section(const Json& config, std::string name) : name_(std::move(name)) {
    const auto found = config.find(name_);
    if (found == config.end() || found->is_null()) return;
    if (!found->is_object()) fail(kFunction, "config.json: {} expects an object, got {}", name_, json_shown(*found));
    json_ = *found;
  }

  template <class Value>
  Value get(const char* key, Value otherwise) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) return otherwise;
    const Json* value = &*found;
    // transformers also takes [height, width]
    if (value->is_array() && value->size() == 2 && value->at(0) == value->at(1)) value = &value->at(0);
    if (!fits<Value>(*value)) fail(kFunction, "config.json: {}.{} cannot be {}", name_, key, json_shown(*found));
    return value->get<Value>();
  }
  // Requires a value that is fixed in this model.
  template <class Value>
  void require(const char* key, Value otherwise, const Value& only) const {
    const Value value = get(key, otherwise);
    if (value != only) fail(kFunction, "config.json: {}.{} is {}, this model has {} only", name_, key, value, only);
  }
  // Requires a value that the weights' shapes determine.
  void agree(const char* key, int64_t otherwise, int64_t shaped) const {
    const int64_t value = get(key, otherwise);
    if (value != shaped) fail(kFunction, "config.json: {}.{} is {}, the weights say {}", name_, key, value, shaped);
  }
  double epsilon(double otherwise) const {
    const double value = get("layer_norm_eps", otherwise);
    if (!(value > 0 && value < 1)) fail(kFunction, "config.json: {}.layer_norm_eps is {}", name_, value);
    return value;
  }
  const Json& json() const { return json_; }

 private:
  template <class Value>
  static bool fits(const Json& value) {
    if constexpr (std::is_same_v<Value, bool>) return value.is_boolean();
    if constexpr (std::is_same_v<Value, std::string>) return value.is_string();
    if constexpr (std::is_same_v<Value, int64_t>) return value.is_number_integer();
    return std::is_same_v<Value, double> && value.is_number();
  }

  std::string name_;
  Json json_ = Json::object();
};

std::vector<int64_t> global_blocks(const Section& vision) {
  const auto found = vision.json().find("global_attn_indexes");
  if (found == vision.json().end() || found->is_null()) return ImageEncoderVitOptions().global_attn_indexes;
  const bool numbers = found->is_array() && std::all_of(found->begin(), found->end(),
                                                        [](const Json& value) { return value.is_number_integer(); });
  if (!numbers) fail(kFunction, "config.json: vision_config.global_attn_indexes cannot be {}", json_shown(*found));
  return found->get<std::vector<int64_t>>();
}

void apply_vision(const Section& vision, ImageEncoderVitOptions& options) {
  const std::string gelu = "gelu";
  vision.require("hidden_act", gelu, gelu);
  for (const char* key : {"qkv_bias", "use_abs_pos", "use_rel_pos"}) vision.require(key, true, true);
  vision.require("num_channels", int64_t{3}, int64_t{3});
  vision.agree("image_size", 1024, options.image_size);
  vision.agree("patch_size", 16, options.patch_size);
  vision.agree("hidden_size", 768, options.embed_dim);
  vision.agree("num_hidden_layers", 12, options.depth);
  vision.agree("num_attention_heads", 12, options.num_heads);
  vision.agree("output_channels", 256, options.out_chans);
  const double ratio = vision.get("mlp_ratio", 4.0);
  if (!(ratio > 0 && ratio < 1e6)) fail(kFunction, "config.json: vision_config.mlp_ratio is {}", ratio);
  vision.agree("mlp_dim", static_cast<int64_t>(static_cast<double>(options.embed_dim) * ratio), options.mlp_dim);
  const std::vector<int64_t> global = global_blocks(vision);
  const bool ambiguous = options.window_size == options.grid();  // windows as large as the picture look global
  if (ambiguous) options.window_size = vision.get("window_size", int64_t{14});
  if (!ambiguous && global != options.global_attn_indexes) {
    fail(kFunction, "config.json: vision_config.global_attn_indexes is [{}], the weights say [{}]",
         fmt::join(global, ","), fmt::join(options.global_attn_indexes, ","));
  }
  options.global_attn_indexes = global;
  if (std::ssize(global) < options.depth) vision.agree("window_size", 14, options.window_size);
  options.layer_norm_eps = vision.epsilon(kEpsilon);
}

void apply_prompt(const Section& prompt, PromptEncoderOptions& options, int64_t patch_size) {
  const std::string gelu = "gelu";
  prompt.require("hidden_act", gelu, gelu);
  prompt.require("num_point_embeddings", kPointEmbeddings, kPointEmbeddings);
  prompt.agree("image_size", 1024, options.image_size);
  prompt.agree("patch_size", 16, patch_size);
  prompt.agree("hidden_size", 256, options.embed_dim);
  prompt.agree("mask_input_channels", 16, options.mask_in_chans);
  options.layer_norm_eps = prompt.epsilon(kEpsilon);
}

void apply_decoder(const Section& decoder, MaskDecoderOptions& options) {
  const std::string relu = "relu";
  decoder.require("hidden_act", relu, relu);
  auto& transformer = options.transformer;
  decoder.agree("hidden_size", 256, transformer.embedding_dim);
  decoder.agree("mlp_dim", 2048, transformer.mlp_dim);
  decoder.agree("num_hidden_layers", 2, transformer.depth);
  decoder.agree("attention_downsample_rate", 2, transformer.downsample_rate);
  decoder.agree("num_multimask_outputs", 3, options.num_multimask_outputs);
  decoder.agree("iou_head_depth", 3, options.iou_head_depth);
  decoder.agree("iou_head_hidden_dim", 256, options.iou_head_hidden_dim);
  if (options.vit_dim > 0) decoder.agree("vit_dim", 768, options.vit_dim);
  transformer.num_heads = decoder.get("num_attention_heads", int64_t{8});
  transformer.layer_norm_eps = decoder.epsilon(kEpsilon);
  transformer.final_norm_eps = 1e-5;  // fixed there
}

}  // namespace

void apply_huggingface_config(const Json& config, SamHqOptions& options) {
  const auto type = config.find("model_type");
  const std::string wanted = options.mask_decoder.vit_dim > 0 ? "sam_hq" : "sam";
  if (type == config.end() || *type != wanted) {
    fail(kFunction, "config.json: model_type is {}, the weights are those of '{}'",
         type == config.end() ? "missing" : json_shown(*type), wanted);
  }
  auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder);
  if (encoder == nullptr) fail(kFunction, "the weights have a TinyViT, which transformers' {} lacks", wanted);
  apply_vision(Section(config, "vision_config"), *encoder);
  apply_prompt(Section(config, "prompt_encoder_config"), options.prompt_encoder, encoder->patch_size);
  apply_decoder(Section(config, "mask_decoder_config"), options.mask_decoder);
  options.validate();
}

void apply_huggingface_defaults(SamHqOptions& options) {
  auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder);
  if (encoder == nullptr) fail(kFunction, "the weights have a TinyViT, which transformers' SamModel lacks");
  encoder->layer_norm_eps = kEpsilon;
  options.prompt_encoder.layer_norm_eps = kEpsilon;
  options.mask_decoder.transformer.layer_norm_eps = kEpsilon;
  options.mask_decoder.transformer.final_norm_eps = 1e-5;  // fixed there
  options.validate();
}

void apply_huggingface_preprocessor(const Json& preprocessor, SamHqOptions& options) {
  const auto read = [&](const char* key, std::array<double, 3>& values) {
    const auto found = preprocessor.find(key);
    if (found == preprocessor.end() || found->is_null()) return;
    if (!found->is_array() || found->size() != values.size() || !found->at(0).is_number() ||
        !found->at(1).is_number() || !found->at(2).is_number()) {
      fail(kFunction, "preprocessor_config.json: {} expects three numbers, got {}", key, json_shown(*found));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = found->at(i).get<double>() * 255;
      if (std::abs(value - values.at(i)) > 1e-6) values.at(i) = value;  // else rounding alone
    }
  };
  read("image_mean", options.pixel_mean);
  read("image_std", options.pixel_std);
  options.validate();
}

std::map<std::string, std::string> huggingface_weight_map(const Json& index, const std::string& name) {
  const auto found = index.find("weight_map");
  if (found == index.end() || !found->is_object()) fail(kFunction, "{} has no weight_map", name);
  std::map<std::string, std::string> files;
  for (const auto& [key, file] : found->items()) {
    const bool plain =
        file.is_string() && std::filesystem::path(file.get<std::string>()).filename() == file.get<std::string>();
    if (!plain) {
      fail(kFunction, "{}: '{}' is in {}, expected a file of that folder", name, shown_short(key), json_shown(file));
    }
    files[key] = file.get<std::string>();
  }
  return files;
}

OrderedJson huggingface_config(const SamHqOptions& options, const std::string& dtype) {
  const auto* encoder = std::get_if<ImageEncoderVitOptions>(&options.image_encoder);
  if (encoder == nullptr) {
    fail("write_huggingface", "transformers' SamHQ has no TinyViT encoder: export pth, safetensors or onnx");
  }
  const bool hq = options.mask_decoder.vit_dim > 0;
  const std::string type = hq ? "sam_hq" : "sam";
  if (hq && options.mask_decoder.hq != HqOptions()) {
    fail("write_huggingface",
         "transformers has no model for these HQ modules, {}: export pth or safetensors, for hqsam",
         to_json(options.mask_decoder.hq));
  }
  const auto& transformer = options.mask_decoder.transformer;
  if (transformer.final_norm_eps != 1e-5) {
    fail("write_huggingface", "the decoder's last norm has an epsilon of {}, transformers' has 1e-5",
         transformer.final_norm_eps);
  }
  OrderedJson decoder = {{"model_type", type + "_mask_decoder"},
                         {"hidden_size", transformer.embedding_dim},
                         {"hidden_act", "relu"},
                         {"mlp_dim", transformer.mlp_dim},
                         {"num_hidden_layers", transformer.depth},
                         {"num_attention_heads", transformer.num_heads},
                         {"attention_downsample_rate", transformer.downsample_rate},
                         {"num_multimask_outputs", options.mask_decoder.num_multimask_outputs},
                         {"iou_head_depth", options.mask_decoder.iou_head_depth},
                         {"iou_head_hidden_dim", options.mask_decoder.iou_head_hidden_dim},
                         {"layer_norm_eps", transformer.layer_norm_eps}};
  if (hq) decoder["vit_dim"] = options.mask_decoder.vit_dim;
  const OrderedJson prompt = {{"model_type", type + "_prompt_encoder"},
                              {"hidden_size", options.prompt_encoder.embed_dim},
                              {"image_size", options.prompt_encoder.image_size},
                              {"patch_size", encoder->patch_size},
                              {"image_embedding_size", options.prompt_encoder.grid},
                              {"mask_input_channels", options.prompt_encoder.mask_in_chans},
                              {"num_point_embeddings", kPointEmbeddings},
                              {"hidden_act", "gelu"},
                              {"layer_norm_eps", options.prompt_encoder.layer_norm_eps}};
  const OrderedJson vision = {{"model_type", type + "_vision_model"},
                              {"hidden_size", encoder->embed_dim},
                              {"output_channels", encoder->out_chans},
                              {"num_hidden_layers", encoder->depth},
                              {"num_attention_heads", encoder->num_heads},
                              {"num_channels", 3},
                              {"image_size", encoder->image_size},
                              {"patch_size", encoder->patch_size},
                              {"hidden_act", "gelu"},
                              {"layer_norm_eps", encoder->layer_norm_eps},
                              {"attention_dropout", 0.0},
                              {"qkv_bias", true},
                              {"mlp_dim", encoder->mlp_dim},
                              {"use_abs_pos", true},
                              {"use_rel_pos", true},
                              {"window_size", encoder->window_size},
                              {"global_attn_indexes", encoder->global_attn_indexes},
                              {"num_pos_feats", options.prompt_encoder.embed_dim / 2}};
  return {{"architectures", {hq ? "SamHQModel" : "SamModel"}},
          {"model_type", type},
          {"torch_dtype", dtype},
          {"vision_config", vision},
          {"prompt_encoder_config", prompt},
          {"mask_decoder_config", decoder}};
}

OrderedJson huggingface_preprocessor(const SamHqOptions& options) {
  const auto of_one = [](const std::array<double, 3>& values) {
    OrderedJson scaled = OrderedJson::array();
    for (const double value : values) scaled.push_back(std::round(value / 255 * 1e12) / 1e12);
    return scaled;
  };
  const int64_t side = options.image_size(), mask_side = 4 * options.grid();
  return {{"image_processor_type", "SamImageProcessor"},
          {"processor_class", options.mask_decoder.vit_dim > 0 ? "SamHQProcessor" : "SamProcessor"},
          {"do_convert_rgb", true},
          {"do_resize", true},
          {"size", {{"longest_edge", side}}},
          {"mask_size", {{"longest_edge", mask_side}}},
          {"resample", 2},  // bilinear
          {"do_rescale", true},
          {"rescale_factor", 1.0 / 255},
          {"do_normalize", true},
          {"image_mean", of_one(options.pixel_mean)},
          {"image_std", of_one(options.pixel_std)},
          {"do_pad", true},
          {"pad_size", {{"height", side}, {"width", side}}},
          {"mask_pad_size", {{"height", mask_side}, {"width", mask_side}}}};
}

}  // namespace hqsam
