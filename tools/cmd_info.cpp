// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {
namespace {

using Json = nlohmann::ordered_json;
using NotFinite = std::vector<std::pair<std::string, int64_t>>;

constexpr size_t kShownKeys = 20;

struct InfoArguments {
  std::string checkpoint, base;
  bool json = false;
};

Json encoder_json(const ImageEncoderVitOptions& encoder) {
  return {{"embed_dim", encoder.embed_dim},
          {"depth", encoder.depth},
          {"num_heads", encoder.num_heads},
          {"window_size", encoder.window_size},
          {"global_attn_indexes", encoder.global_attn_indexes}};
}

Json encoder_json(const TinyVitOptions& encoder) {
  return {{"embed_dims", encoder.embed_dims},
          {"depths", encoder.depths},
          {"num_heads", encoder.num_heads},
          {"window_sizes", encoder.window_sizes}};
}

std::string encoder_text(const ImageEncoderVitOptions& encoder) {
  return fmt::format("{} blocks of {} channels, {} heads, window {}, global at {}", encoder.depth, encoder.embed_dim,
                     encoder.num_heads, encoder.window_size, fmt::join(encoder.global_attn_indexes, " "));
}

std::string encoder_text(const TinyVitOptions& encoder) {
  return fmt::format("TinyViT, {} blocks of {} channels, windows {}", fmt::join(encoder.depths, " "),
                     fmt::join(encoder.embed_dims, " "), fmt::join(encoder.window_sizes, " "));
}

void print_json(const CheckpointInfo& info, const NotFinite& spoilt, const InfoArguments& arguments) {
  const auto& [options, whole, architecture, dialect, dtype, parameters, hq_parameters, missing, unknown, reshaped,
               nearest, assumed] = info;
  Json json = {{"checkpoint", arguments.checkpoint},
               {"whole", whole},
               {"architecture", architecture},
               {"dialect", dialect},
               {"dtype", dtype},
               {"parameters", parameters},
               {"hq_parameters", hq_parameters}};
  if (whole) {
    json["image_size"] = options.image_size();
    json["encoder"] = std::visit([](const auto& encoder) { return encoder_json(encoder); }, options.image_encoder);
    if (options.mask_decoder.vit_dim > 0) json["hq_modules"] = Json::parse(to_json(options.mask_decoder.hq));
    json["decoder_layer_norm_eps"] = options.mask_decoder.transformer.layer_norm_eps;
  }
  json["missing"] = missing;
  json["unknown"] = unknown;
  json["reshaped"] = reshaped;
  json["nearest"] = nearest;
  json["assumed"] = assumed;
  json["not_finite"] = Json::object();
  for (const auto& [key, count] : spoilt) json["not_finite"][key] = count;
  print_raw(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string keys_line(const std::vector<std::string>& keys, const CheckpointInfo& info) {
  if (keys.empty()) return "none";
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(keys.size(), kShownKeys); ++i) {
    const auto nearest = info.nearest.find(keys[i]);
    shown.push_back(nearest == info.nearest.end() ? keys[i] : fmt::format("{} (near '{}')", keys[i], nearest->second));
  }
  const std::string rest =
      keys.size() > kShownKeys ? fmt::format(" and {} more (--json shows all)", keys.size() - kShownKeys) : "";
  return fmt::format("{}: {}{}", keys.size(), fmt::join(shown, ", "), rest);
}

void print_rows(const CheckpointInfo& info, const NotFinite& spoilt, const InfoArguments& arguments) {
  const double share = 100.0 * static_cast<double>(info.hq_parameters) / static_cast<double>(info.parameters);
  const auto row = [](const char* name, const std::string& value) { print_line("{:<14}{}", name, value); };
  row("checkpoint", arguments.checkpoint);
  if (info.whole) {
    const auto text = std::visit([](const auto& encoder) { return encoder_text(encoder); }, info.options.image_encoder);
    row("architecture", fmt::format("{} ({})", info.architecture, text));
    row("image size", fmt::format("{} pixels", info.options.image_size()));
  } else {
    row("architecture", "the base's: name it with --base");
  }
  row("dialect", info.dialect);
  row("dtype", info.dtype);
  row("parameters", fmt::format("{:.3f} M", static_cast<double>(info.parameters) / 1e6));
  const HqOptions& hq = info.options.mask_decoder.hq;
  if (info.options.mask_decoder.vit_dim > 0 && hq != HqOptions()) row("HQ modules", to_json(hq));
  row("of these HQ", fmt::format("{:.3f} M, {:.2f} %", static_cast<double>(info.hq_parameters) / 1e6, share));
  if (info.whole) {
    row("decoder norms", fmt::format("epsilon {}", info.options.mask_decoder.transformer.layer_norm_eps));
    row("missing keys", keys_line(info.missing, info));
    row("unknown keys", keys_line(info.unknown, info));
  }
  for (const auto& [name, value] : info.assumed) row("assumed", fmt::format("{}: {}", name, value));
  if (!info.reshaped.empty()) row("other shapes", first_few(info.reshaped));
  for (const auto& [key, count] : spoilt) row("not finite", fmt::format("{} numbers in {}", count, key));
  if (!info.missing.empty() || !info.unknown.empty() || !info.reshaped.empty() || !spoilt.empty()) {
    row("loads", "no: other commands refuse it");
  }
}

int info(const InfoArguments& arguments) {
  const Checkpoint checkpoint = read_checkpoint(arguments.checkpoint, arguments.base);
  (arguments.json ? print_json : print_rows)(inspect_checkpoint(checkpoint), not_finite(checkpoint.tensors), arguments);
  return 0;
}

}  // namespace

void add_info(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<InfoArguments>(app, run, "info", "what a checkpoint holds, from its keys and shapes", info);
  command->add_option("checkpoint", arguments->checkpoint, "a .pth or .safetensors file, or a Hugging Face folder")
      ->required();
  command->add_option("--base", arguments->base, "the SAM that trained keys belong to");
  command->add_flag("--json", arguments->json, "as JSON");
}

}  // namespace hqsam
