// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {
namespace {

struct InfoArguments {
  std::string checkpoint;
  bool json = false;
};

nlohmann::ordered_json as_json(const CheckpointInfo& info, const InfoArguments& arguments) {
  const ImageEncoderVitOptions& encoder = info.options.image_encoder;
  return {{"checkpoint", arguments.checkpoint},
          {"architecture", info.architecture},
          {"dialect", info.dialect},
          {"dtype", info.dtype},
          {"parameters", info.parameters},
          {"hq_parameters", info.hq_parameters},
          {"image_size", encoder.image_size},
          {"encoder",
           {{"embed_dim", encoder.embed_dim},
            {"depth", encoder.depth},
            {"num_heads", encoder.num_heads},
            {"window_size", encoder.window_size},
            {"global_attn_indexes", encoder.global_attn_indexes}}},
          {"missing", info.missing},
          {"unknown", info.unknown}};
}

std::string keys_line(const std::vector<std::string>& keys) {
  return keys.empty() ? "none" : fmt::format("{}: {}", keys.size(), fmt::join(keys, ", "));
}

int info(const InfoArguments& arguments) {
  const CheckpointInfo info = inspect_checkpoint(read_tensors(arguments.checkpoint));
  if (arguments.json) {
    fmt::print("{}\n", as_json(info, arguments).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return 0;
  }
  const ImageEncoderVitOptions& encoder = info.options.image_encoder;
  const double share = 100.0 * static_cast<double>(info.hq_parameters) / static_cast<double>(info.parameters);
  const auto row = [](const char* name, const std::string& value) { fmt::print("{:<14}{}\n", name, value); };
  row("checkpoint", arguments.checkpoint);
  row("architecture", fmt::format("{} ({} blocks of {} channels, {} heads, window {}, global at {})", info.architecture,
                                  encoder.depth, encoder.embed_dim, encoder.num_heads, encoder.window_size,
                                  fmt::join(encoder.global_attn_indexes, " ")));
  row("image size", fmt::format("{} pixels", encoder.image_size));
  row("dialect", info.dialect);
  row("dtype", info.dtype);
  row("parameters", fmt::format("{:.3f} M", static_cast<double>(info.parameters) / 1e6));
  row("of these HQ", fmt::format("{:.3f} M, {:.2f} %", static_cast<double>(info.hq_parameters) / 1e6, share));
  row("missing keys", keys_line(info.missing));
  row("unknown keys", keys_line(info.unknown));
  return 0;
}

}  // namespace

void add_info(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<InfoArguments>(app, run, "info", "what a checkpoint holds, from its keys and shapes", info);
  command->add_option("checkpoint", arguments->checkpoint, "a .pth or .safetensors file")->required();
  command->add_flag("--json", arguments->json, "as JSON");
}

}  // namespace hqsam
