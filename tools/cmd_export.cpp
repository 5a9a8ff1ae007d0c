// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <initializer_list>

#include "common.h"
#include "hqsam/config/choices.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/model/best_masks.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/model/huggingface.h"
#include "hqsam/onnx/export.h"
#include "outputs.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::string checkpoint, base, format, output, dtype = "fp32", masks, multimask = "none";
  int64_t image_size = 0;
};

void convert(TensorMap& map, torch::ScalarType dtype) {
  for (auto& [key, tensor] : map.tensors) {
    if (!tensor.is_floating_point()) continue;
    tensor = tensor.to(dtype).contiguous();
    if (!not_finite({{{key, tensor}}, {}}).empty()) {
      fail("export", "'{}' has numbers too large for {}: export fp32 or bf16", key, toString(dtype));
    }
  }
}

void warn_about_epsilons(const SamHqOptions& options) {
  const double eps = options.mask_decoder.transformer.layer_norm_eps,
               sam_eps = TwoWayTransformerOptions().layer_norm_eps;
  if (eps == sam_eps) return;
  spdlog::warn("the decoder's norms have an epsilon of {}: hqsam reads it from the file, SAM's own code has {}", eps,
               sam_eps);
}

void warn_about_pixels(const SamHqOptions& options) {
  const SamHqOptions sam;
  if (options.pixel_mean == sam.pixel_mean && options.pixel_std == sam.pixel_std) return;
  spdlog::warn(
      "the pixels' mean ({:.5g}) and deviation ({:.5g}) are this model's own: hqsam reads them from the file, "
      "SAM's own code has others",
      fmt::join(options.pixel_mean, " "), fmt::join(options.pixel_std, " "));
}

void warn_about_transformers(const SamHq& model) {
  if (!model->has_hq()) return;
  spdlog::warn(
      "transformers' SamHQModel (seen up to 5.24) makes other, worse masks of these weights than HQ-SAM's own code: it "
      "upscales the picture's embedding from before its decoder's transformer. For hqsam's masks take --format onnx or "
      "pth, or mend SamHQModel as docs/export.md shows; hqsam predict on this folder shows what transformers gives");
}

void write_weights(const ExportArguments& arguments, const SamHq& model) {
  TensorMap map = checkpoint_of(model);
  if (const auto best = best_masks_of(arguments.checkpoint)) map.metadata[kBestMasksMetadata] = to_string(*best);
  convert(map, arguments.dtype == "fp16" ? torch::kHalf : arguments.dtype == "bf16" ? torch::kBFloat16 : torch::kFloat);
  if (arguments.format == "huggingface") {
    write_huggingface(arguments.output, model->options(), map);
    return warn_about_transformers(model);
  }
  warn_about_epsilons(model->options());
  warn_about_pixels(model->options());
  if (model->has_hq() && model->options().mask_decoder.hq != HqOptions()) {
    spdlog::warn("these HQ modules are an ablation of HQ-SAM: hqsam alone reads them");
  }
  (arguments.format == "pth" ? write_pth : write_safetensors)(arguments.output, map);
}

// A graph's files, and what goes in and out.
void print_graph(const OnnxFile& file) {
  const auto row = [](const char* way, const OnnxTensor& tensor) {
    print_line("  {:<4}{:<17}{:<6}{}", way, tensor.name, tensor.type, tensor.shape);
  };
  print_line(file.path.filename().string());
  for (const OnnxTensor& input : file.inputs) row("in", input);
  for (const OnnxTensor& output : file.outputs) row("out", output);
}

void write_onnx(const ExportArguments& arguments, const SamHq& model) {
  if (arguments.dtype == "bf16") {
    fail("export", "--dtype for onnx is fp32 or fp16, got bf16: export fp32, runtimes that compute in bf16 convert it");
  }
  OnnxOptions options;
  options.masks = masks_of(arguments.masks, arguments.checkpoint, "export");
  options.multimask = choose(arguments.multimask, kMultimasks, "export", "--multimask");
  options.dtype = arguments.dtype == "fp16" ? OnnxDtype::kFp16 : OnnxDtype::kFp32;
  if (options.masks != MaskKind::kSam && !model->has_hq()) {
    fail("export", "{} has no HQ modules: give --masks sam, or an HQ-SAM checkpoint", arguments.checkpoint);
  }
  for (const OnnxFile& file : export_onnx(model, arguments.output, options)) print_graph(file);
}

std::vector<fs::path> written_files(const fs::path& output) {
  if (!fs::is_directory(output)) return {output};
  std::vector<fs::path> files;
  for (const char* name : {"encoder.onnx", "encoder.onnx.data", "decoder.onnx", "decoder.onnx.data", "config.json",
                           "model.safetensors", "preprocessor_config.json"}) {
    if (fs::is_regular_file(output / name)) files.push_back(output / name);
  }
  return files;
}

// The last line: what was written, with each file's size.
void print_outcome(const ExportArguments& arguments, double seconds) {
  constexpr double kMegabyte = 1e6;
  std::vector<std::string> parts;
  for (const fs::path& file : written_files(arguments.output)) {
    const double size = static_cast<double>(fs::file_size(file));
    const std::string text =
        size < kMegabyte ? fmt::format("{:.1f} kB", size / 1e3) : fmt::format("{:.1f} MB", size / kMegabyte);
    parts.push_back(fmt::format("{} ({})", file.filename().string(), text));
  }
  const bool folder = fs::is_directory(arguments.output);
  print_line("{} {}: {}{}, {:.1f} s", arguments.format, arguments.dtype, fmt::join(parts, ", "),
             folder ? " in " + arguments.output : "", seconds);
}

// Refuses an output name whose extension belongs to another format.
void check_name(const ExportArguments& arguments) {
  const fs::path output(arguments.output);
  const std::string extension = lower_case(output.extension().string());
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), extension) != names.end();
  };
  const bool weights = arguments.format == "pth" || arguments.format == "safetensors";
  const bool of_pth = is({".pth", ".pt", ".bin", ".ckpt"}), of_safetensors = is({".safetensors"});
  const bool other = is({".onnx", ".json", ".yaml"});
  const bool wrong =
      weights ? other || (arguments.format == "pth" ? of_safetensors : of_pth) : other || of_pth || of_safetensors;
  if (!wrong) return;
  fail("export", "--format {} writes {}, but --output {} is named {}: name it otherwise, or take another format",
       arguments.format, weights ? "a file" : "a folder", arguments.output, extension);
}

int export_checkpoint(const ExportArguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  check_name(arguments);
  const bool onnx = arguments.format == "onnx";
  if (!onnx && (!arguments.masks.empty() || arguments.multimask != "none")) {
    fail("export", "--masks and --multimask choose what ONNX graphs give, weights serve them all: leave them out");
  }
  const bool folder = onnx || arguments.format == "huggingface";
  (folder ? require_writable_folder : require_writable_file)("export", arguments.output);
  LoadOptions load{.hq = HqModules::kAsFound, .base = arguments.base, .weights_alone = true};
  if (arguments.image_size > 0) load.image_size = arguments.image_size;
  const SamHq model = load_sam_hq(arguments.checkpoint, load);
  const auto parent = fs::path(arguments.output).parent_path();
  if (!parent.empty()) fs::create_directories(parent);
  (onnx ? write_onnx : write_weights)(arguments, model);
  print_outcome(arguments, seconds_since(began));
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<ExportArguments>(app, run, "export", "write a checkpoint for other programs", export_checkpoint);
  command->add_option("--checkpoint", arguments->checkpoint, "of any dialect, whole or trained keys alone")->required();
  command->add_option("--base", arguments->base, "the SAM that trained keys belong to");
  command->add_option("--format", arguments->format, "pth, safetensors, huggingface or onnx")
      ->required()
      ->check(CLI::IsMember({"pth", "safetensors", "huggingface", "onnx"}));
  command->add_option("--output", arguments->output, "the file, for huggingface and onnx the folder, to write")
      ->required();
  command->add_option("--dtype", arguments->dtype, "fp32, fp16 or (not for onnx) bf16")
      ->check(CLI::IsMember({"fp32", "fp16", "bf16"}))
      ->capture_default_str();
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the checkpoint's")
      ->check(whole_number(1, kMostPixels));
  command->add_option("--masks", arguments->masks, std::string("of the onnx decoder: ") + kMasksHelp)
      ->check(CLI::IsMember(words<MaskKind>(kMaskKinds)));
  command->add_option("--multimask", arguments->multimask, "of the onnx decoder: none, best (of SAM's three) or all")
      ->check(CLI::IsMember(words<Multimask>(kMultimasks)))
      ->capture_default_str();
  command->footer(
      "pth and safetensors have the keys of SysCV's sam-hq, so that its loaders and Meta's (without HQ) read them.\n"
      "onnx is a folder with encoder.onnx (picture of any shape -> features) and decoder.onnx (SAM's input names; any\n"
      "number of prompts). huggingface is a folder, which must not be there yet, for SamHQModel.from_pretrained, or\n"
      "SamModel's without HQ modules; SamHQModel makes other masks than the rest. A program for each: docs/export.md.\n"
      "Weights too large for fp16 are an error. ONNX graphs take and give fp32 also with fp16 weights.");
}

}  // namespace hqsam
