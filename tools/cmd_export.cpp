// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "common.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam {
namespace {

struct ExportArguments {
  std::string checkpoint, base, format, output, dtype = "fp32";
};

// The base's tensors with the checkpoint's in their places. Trainers save a decoder alone without its prefix.
TensorMap merge(const TensorMap& base, const TensorMap& trained) {
  const std::string prefix = "mask_decoder.";
  TensorMap merged = base;
  for (const auto& [key, tensor] : trained.tensors) {
    const bool bare =
        !key.starts_with(prefix) && !key.starts_with("image_encoder.") && !key.starts_with("prompt_encoder.");
    merged.set(bare ? prefix + key : key, tensor);
  }
  return merged;
}

TensorMap read_whole(const ExportArguments& arguments) {
  TensorMap checkpoint = read_tensors(arguments.checkpoint);
  if (!arguments.base.empty()) return merge(read_tensors(arguments.base), checkpoint);
  for (const std::string& key : checkpoint.names()) {
    if (key.starts_with("image_encoder.")) return checkpoint;
  }
  fail("export", "{} holds trained keys without an image encoder: name the SAM they belong to with --base",
       arguments.checkpoint);
}

void convert(TensorMap& map, torch::ScalarType dtype) {
  for (auto& [key, tensor] : map.tensors) {
    if (!tensor.is_floating_point()) continue;
    const bool was_finite = tensor.isfinite().all().item<bool>();
    tensor = tensor.to(dtype).contiguous();
    if (was_finite && !tensor.isfinite().all().item<bool>()) {
      fail("export", "'{}' has numbers too large for {}: export fp32 or bf16", key, toString(dtype));
    }
  }
}

int export_checkpoint(const ExportArguments& arguments) {
  if (arguments.format != "pth" && arguments.format != "safetensors") {
    fail("export", "--format {} is not in this version, which writes pth and safetensors", arguments.format);
  }
  const TensorMap checkpoint = read_whole(arguments);
  const CheckpointInfo info = inspect_checkpoint(checkpoint);
  if (!info.unknown.empty()) {
    const std::string message = fmt::format("{} keys do not belong to {}: {}", info.unknown.size(), info.architecture,
                                            fmt::join(info.unknown, ", "));
    if (!arguments.base.empty()) fail("export", "{}; is --base the SAM that was trained?", message);
    spdlog::warn("left out: {}", message);
  }
  SamHq model(info.options);
  load_tensors(model, checkpoint);
  TensorMap map = checkpoint_of(model);
  convert(map, arguments.dtype == "fp16" ? torch::kHalf : arguments.dtype == "bf16" ? torch::kBFloat16 : torch::kFloat);
  const auto parent = std::filesystem::path(arguments.output).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent);
  (arguments.format == "pth" ? write_pth : write_safetensors)(arguments.output, map);
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<ExportArguments>(app, run, "export", "write a checkpoint for other programs", export_checkpoint);
  command->add_option("--checkpoint", arguments->checkpoint, "a whole checkpoint, or trained keys alone")->required();
  command->add_option("--base", arguments->base, "the SAM that trained keys belong to");
  command->add_option("--format", arguments->format, "pth or safetensors")->required();
  command->add_option("--output", arguments->output, "the file to write")->required();
  command->add_option("--dtype", arguments->dtype, "fp32, fp16 or bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}))
      ->capture_default_str();
  command->footer("Keys are those of SysCV's sam-hq, so that its loaders and Meta's (without HQ) read the file.");
}

}  // namespace hqsam
