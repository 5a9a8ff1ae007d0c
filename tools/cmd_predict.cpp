// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "common.h"
#include "hqsam/config/choices.h"
#include "hqsam/config/open.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/image/codec.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/ops/autocast.h"
#include "predict_pictures.h"
#include "predict_prompts.h"
#include "predict_results.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct PredictArguments {
  std::string checkpoint, base, output, multimask = "none", masks = "sum";
  std::vector<std::string> images;
  PromptArguments prompts;
  bool logits = false;
  int64_t image_size = 0;
  ComputeOptions compute;
};

// One picture through the model: the masks asked for, and SAM's and HQ's side by side.
void predict_picture(SamPredictor& predictor, const fs::path& path, const PicturePrompts& source,
                     const PredictArguments& arguments) {
  PictureResults results{path, path.stem().string(), read_image(path), {}, {}};
  results.prompts = source.of(path, results.image.size(), predictor.model());
  predictor.set_image(results.image);
  const Multimask multimask = choose(arguments.multimask, kMultimasks, "predict", "--multimask");
  const MaskKind kind = choose(arguments.masks, kMaskKinds, "predict", "--masks");
  results.predictions = predictor.predict(results.prompts, {kind, multimask, arguments.logits});

  const Multimask shown = multimask == Multimask::kAll ? Multimask::kBest : multimask;  // masks over masks hide
  const auto predict_as = [&](MaskKind other) {
    const bool same = other == kind && shown == multimask;
    return same ? results.predictions : predictor.predict(results.prompts, {other, shown, false});
  };
  std::vector<Panel> panels = {prompt_panel(results, predictor.model()->image_size()),
                               mask_panel(results, predict_as(MaskKind::kSam), kSamColor, "SAM")};
  if (predictor.model()->has_hq()) {
    const MaskKind hq = kind == MaskKind::kSam ? MaskKind::kSum : kind;
    panels.push_back(mask_panel(results, predict_as(hq), kHqColor, "HQ-SAM"));
  }
  fs::create_directories(arguments.output);
  write_results(arguments.output, results, arguments.masks, arguments.logits);
  write_image(fs::path(arguments.output) / (results.stem + "_overlay.jpg"), side_by_side(panels));
}

int predict(const PredictArguments& arguments) {
  const torch::Device device = start_device(arguments.compute);
  const Bf16Scope bf16(device.type(), wants_bf16(arguments.compute, device));
  const std::vector<fs::path> pictures = list_pictures(arguments.images, arguments.output);
  const PicturePrompts source(arguments.prompts);
  for (const std::string& name : source.unused(pictures))
    spdlog::warn("prompts for '{}', which is no picture here", name);
  LoadOptions load{.hq = arguments.masks == "sam" ? HqModules::kAsFound : HqModules::kRequired, .base = arguments.base};
  if (arguments.image_size > 0) load.image_size = arguments.image_size;
  SamHq model = load_sam_hq(arguments.checkpoint, load);
  model->to(device);
  SamPredictor predictor(model);
  Progress progress("predict", static_cast<int64_t>(pictures.size()));
  for (size_t i = 0; i < pictures.size(); ++i) {
    predict_picture(predictor, pictures[i], source, arguments);
    progress.update(static_cast<int64_t>(i) + 1);
  }
  return 0;
}

std::string check_box(const std::string& text) {
  return parse_box(text) ? "" : "expected x0,y0,x1,y1 in pixels with x0 <= x1 and y0 <= y1, got '" + text + "'";
}

std::string check_point(const std::string& text) {
  return parse_point(text) ? "" : "expected x,y or x,y,label in pixels, label 1 (inside) or 0, got '" + text + "'";
}

}  // namespace

void add_predict(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<PredictArguments>(app, run, "predict", "masks of what a prompt points at in pictures", predict);
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's with --masks sam")->required();
  command->add_option("--base", arguments->base,
                      "the SAM that trained keys belong to, where the checkpoint holds no more");
  command->add_option("--image", arguments->images, "pictures, or folders of them")->required();
  command->add_option("--output", arguments->output, "folder of the results")->required();
  add_repeated(*command, "--box", arguments->prompts.boxes, "x0,y0,x1,y1 in pixels; repeatable, one result each")
      ->check(CLI::Validator(check_box, "", "box"));
  add_repeated(*command, "--point", arguments->prompts.points,
               "x,y or x,y,0 (outside); repeatable, one result from all")
      ->check(CLI::Validator(check_point, "", "point"));
  command->add_option("--mask", arguments->prompts.mask, "rough mask: PNG of the picture's size, or low_res_logits");
  command->add_option("--prompts", arguments->prompts.prompts, "JSON file of prompts per picture, see below");
  command
      ->add_option("--multimask", arguments->multimask, "none; best: SAM's best of three; all: the three, best first")
      ->check(CLI::IsMember(words<Multimask>(kMultimasks)))
      ->capture_default_str();
  command->add_option("--masks", arguments->masks, "sum (SAM's and HQ's logits, the paper's), hq or sam")
      ->check(CLI::IsMember({"sum", "hq", "sam"}))
      ->capture_default_str();
  command->add_flag("--logits", arguments->logits, "also write <stem>.safetensors: low_res_logits, logits, iou");
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the checkpoint's")
      ->check(CLI::PositiveNumber);
  add_compute(*command, arguments->compute);
  command->footer(
      "Prompts file: {\"kite.jpg\": {\"boxes\": [[x0,y0,x1,y1], ...], \"points\": [[x,y], ...], \"labels\": [1, 0, "
      "...]}}\n"
      "Points go with a single box or stand alone. Leaves <stem>_<i>.png (0/255), <stem>.json (scores, boxes, COCO\n"
      "RLE) and <stem>_overlay.jpg (prompt, SAM, HQ-SAM side by side); earlier results are replaced. With --multimask\n"
      "all, three results for each prompt follow each other, best first; \"rank\" in the JSON counts them from 0.");
}

}  // namespace hqsam
