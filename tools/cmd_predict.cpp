// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "common.h"
#include "hqsam/config/choices.h"
#include "hqsam/core/bounds.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/print.h"
#include "hqsam/core/text.h"
#include "hqsam/metrics/names.h"
#include "hqsam/model/checkpoint.h"
#include "outputs.h"
#include "predict_pictures.h"
#include "predict_prompts.h"
#include "predict_run.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct PredictArguments {
  std::string checkpoint, base, output, multimask = "none", masks, save_embedding;
  std::vector<std::string> images, embeddings;
  PromptArguments prompts;
  std::vector<std::string> formats = {"png"};
  PredictAnnotationsOptions annotations;
  bool logits = false;
  int64_t image_size = 0, batch = 1;
  ComputeOptions compute;
};

constexpr const char* kPng = "png";

void set_formats(const PredictArguments& arguments, PredictRunOptions& options) {
  options.annotations = arguments.annotations;
  options.annotations.output = arguments.output;
  options.png = std::count(arguments.formats.begin(), arguments.formats.end(), kPng) > 0;
  options.annotations.files.formats = annotation_formats(arguments.formats);
  const bool asked = arguments.annotations.files.changes_masks() || !arguments.annotations.classes.empty();
  if (options.annotations.files.formats.empty() && asked) {
    fail("predict", "--polygons, --simplify and --classes are for --format coco, yolo or labelme");
  }
}

int predict(const PredictArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  const torch::Device device = start_device(arguments.compute);
  require_writable_folder("predict", arguments.output);
  if (!arguments.save_embedding.empty()) require_writable_folder("predict", arguments.save_embedding);
  const std::vector<fs::path> pictures = arguments.embeddings.empty()
                                             ? list_pictures("predict", arguments.images, arguments.output)
                                             : list_embeddings(arguments.embeddings);
  const PromptSource source = prompt_source(arguments.prompts, pictures);
  LoadOptions load{.hq = arguments.masks == "sam" ? HqModules::kAsFound : HqModules::kRequired, .base = arguments.base};
  if (arguments.image_size > 0) load.image_size = arguments.image_size;
  SamHq model = load_sam_hq(arguments.checkpoint, load);
  model->to(device);
  PredictRunOptions options{.output = arguments.output,
                            .logits = arguments.logits,
                            .embeddings = !arguments.embeddings.empty(),
                            .save_embeddings = arguments.save_embedding,
                            .bf16 = wants_bf16(arguments.compute, device, AutoOnCpu::kFaster),
                            .batch = arguments.batch};
  options.masks = masks_of(arguments.masks, arguments.checkpoint, "predict");
  options.multimask = choose(arguments.multimask, kMultimasks, "predict", "--multimask");
  set_formats(arguments, options);
  options.lines = choose_lines(model, std::ssize(pictures));
  if (options.lines > 1) at::set_num_threads(at::get_num_threads() / static_cast<int>(options.lines));
  constexpr int kMostWriters = 4;  // the model's threads are busy at the same time
  options.threads = static_cast<size_t>(std::min(at::get_num_threads() - 1, kMostWriters));
  const PicturesOutcome outcome = predict_pictures(model, pictures, source, options);
  return tell_outcome(outcome, pictures.size(), "prompts", source.path(), arguments.output, seconds_since(start));
}

std::string check_box(const std::string& text) {
  return parse_box(text) ? ""
                         : "expected x0,y0,x1,y1 in pixels with x0 < x1 and y0 < y1, got '" + cut_short(text) + "'";
}

std::string check_point(const std::string& text) {
  return parse_point(text)
             ? ""
             : "expected x,y or x,y,label in pixels, label 1 (inside) or 0, got '" + cut_short(text) + "'";
}

}  // namespace

void add_predict(CLI::App& app, Run& run) {
  const auto [command, arguments] =
      add_command<PredictArguments>(app, run, "predict", "masks of what a prompt points at in pictures", predict);
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's with --masks sam")->required();
  command->add_option("--base", arguments->base,
                      "the SAM that trained keys belong to, where the checkpoint holds no more");
  auto* image = command->add_option("--image", arguments->images, "pictures, or folders of them");
  command
      ->add_option("--embedding", arguments->embeddings,
                   "in place of pictures: what --save-embedding left of them, or folders of it; no overlays")
      ->excludes(image);
  command->parse_complete_callback([arguments = arguments] {
    if (arguments->images.empty() && arguments->embeddings.empty()) throw CLI::RequiredError("--image or --embedding");
  });
  command->add_option("--output", arguments->output, "folder of the results")->required();
  add_repeated(*command, "--box", arguments->prompts.boxes, "x0,y0,x1,y1 in pixels; repeatable, one result each")
      ->check(CLI::Validator(check_box, "", "box"));
  add_repeated(*command, "--point", arguments->prompts.points,
               "x,y or x,y,0 (outside); repeatable, one result from all")
      ->check(CLI::Validator(check_point, "", "point"));
  command->add_option("--mask", arguments->prompts.mask,
                      "rough mask of the picture's size, 0 and 255, or .safetensors with low_res_logits");
  command->add_option("--prompts", arguments->prompts.prompts,
                      "JSON of prompts per picture, COCO's results or annotations, YOLO's texts; see below");
  command
      ->add_option("--multimask", arguments->multimask, "none; best: SAM's best of three; all: the three, best first")
      ->check(CLI::IsMember(words<Multimask>(kMultimasks)))
      ->capture_default_str();
  command->add_option("--masks", arguments->masks, kMasksHelp)->check(CLI::IsMember(words<MaskKind>(kMaskKinds)));
  command
      ->add_option(
          "--format", arguments->formats,
          "of the results, repeatable: png (masks, a JSON and an overlay), coco, yolo, labelme (a folder each)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kPng, "coco", "yolo", "labelme"}))
      ->capture_default_str();
  add_annotation_options(*command, arguments->annotations.files);
  command
      ->add_option("--classes", arguments->annotations.classes,
                   "coco, yolo, labelme: names of the categories 0, 1, ...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_flag("--logits", arguments->logits, "also write <stem>.safetensors: low_res_logits, logits, iou");
  command
      ->add_option("--save-embedding", arguments->save_embedding,
                   "folder of PICTURE.safetensors, what the encoder makes of each picture, for later prompts")
      ->excludes("--embedding");
  command->add_option("--batch", arguments->batch, "pictures that the encoder takes at once")
      ->check(whole_number(1, kMostEncoded))
      ->capture_default_str();
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the checkpoint's")
      ->check(whole_number(1, kMostPixels));
  add_compute(*command, arguments->compute, AutoOnCpu::kFaster);
  command->footer(
      "Prompts file: {\"kite.jpg\": PROMPT, \"sub/dog\": [PROMPT, ...]}: a file name, a stem, or the end of a path, "
      "and\n"
      "PROMPT = {\"box\": [x0,y0,x1,y1], \"points\": [[x,y], ...], \"labels\": [1, 0, ...], \"mask\": \"rough.png\",\n"
      "\"id\": 7, \"category\": \"kite\", \"score\": 0.9}, in pixels, with a box, points or a mask (relative to the\n"
      "file), or {\"boxes\": [[x0,y0,x1,y1], ...]}. Or COCO's JSON (bbox = x,y,width,height), or a folder of YOLO's\n"
      "<stem>.txt (class cx cy width height [confidence]; the box around a segment).\n"
      "Boxes are cut to the picture; one wholly outside or without an area fails, and the others are done.\n"
      "Leaves <stem>_<i>.png (0/255), i the prompt's number from 0, <stem>.json (scores, boxes, COCO RLE) and\n"
      "<stem>_overlay.jpg (prompt, SAM, HQ-SAM side by side; the first 50 prompts); earlier results are replaced. "
      "With\n"
      "--multimask all, three results for each prompt follow each other, best first; \"rank\" in the JSON counts "
      "them.\n"
      "A picture that fails is told and the others are done; the exit code is then 1.");
}

}  // namespace hqsam
