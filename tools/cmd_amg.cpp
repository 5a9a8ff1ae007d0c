// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "amg_run.h"
#include "common.h"
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

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char *kPng = "png", *kNone = "none";

struct AmgArguments {
  std::string checkpoint, base, masks, boxes, labels = "smallest";
  std::vector<std::string> images, formats = {"coco"};
  int64_t image_size = 0;
  AmgOptions amg;
  AmgOutputOptions output;
  ComputeOptions compute;
};

AmgOutputOptions output_options(const AmgArguments& arguments) {
  AmgOutputOptions options = arguments.output;
  options.labels = choose(arguments.labels, kLabelOrders, "amg", "--labels");
  options.png = std::count(arguments.formats.begin(), arguments.formats.end(), kPng) > 0;
  options.annotations.formats = annotation_formats(arguments.formats);
  if (options.annotations.formats.empty() && options.annotations.changes_masks()) {
    fail("amg", "--polygons and --simplify are for --format coco, yolo or labelme");
  }
  return options;
}

int amg(const AmgArguments& arguments) {
  const auto start = std::chrono::steady_clock::now();
  AmgRunOptions options{.amg = arguments.amg, .output = output_options(arguments)};
  options.amg.validate();
  const torch::Device device = start_device(arguments.compute);
  require_writable_folder("amg", options.output.folder);
  const std::vector<fs::path> pictures = list_pictures("amg", arguments.images, options.output.folder);
  if (!arguments.boxes.empty()) options.boxes.emplace(arguments.boxes, pictures);
  LoadOptions load{.base = arguments.base};
  if (arguments.image_size > 0) load.image_size = arguments.image_size;
  SamHq model = load_sam_hq(arguments.checkpoint, load);
  model->to(device);
  options.amg.masks = masks_of(arguments.masks, arguments.checkpoint, "amg", model->has_hq());
  options.bf16 = wants_bf16(arguments.compute, device, AutoOnCpu::kFaster);
  const PicturesOutcome outcome = find_everything(model, pictures, options);
  return tell_outcome(outcome, pictures.size(), "boxes", arguments.boxes, options.output.folder, seconds_since(start));
}

void add_search(CLI::App& command, AmgOptions& options) {
  const auto share = CLI::Range(0.0, 1.0);
  const std::string pixels = "pixels; ";
  command.add_flag("--exact", options.exact, "SAM's algorithm step by step, for comparisons; slower");
  command.add_option("--points-per-side", options.points_per_side, "points of the grid, a side")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  command
      .add_option("--points-per-batch", options.points_per_batch,
                  "points that the decoder takes at once; 0: by the device")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command.add_option("--predicted-iou", options.min_predicted_iou, "masks that SAM thinks worse of are left out")
      ->check(share)
      ->capture_default_str();
  command.add_option("--stability", options.min_stability, "masks that change more with the threshold are left out")
      ->check(share)
      ->capture_default_str();
  command.add_option("--stability-offset", options.stability_offset, "logits by which the threshold is moved for that")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--nms", options.nms_iou, "of two masks with a higher IoU (--exact: of their boxes) the better stays")
      ->check(share)
      ->capture_default_str();
  command.add_option("--crop-layers", options.crop_layers, "1: also each of 2x2 crops by itself; 2: and of 4x4; ...")
      ->check(whole_number(0, 5))
      ->capture_default_str();
  command.add_option("--crop-nms", options.crop_nms_iou, "the same between crops, where smaller crops' masks stay")
      ->check(share)
      ->capture_default_str();
  command
      .add_option("--crop-overlap", options.crop_overlap, "of neighbours in the first layer, a share of the picture")
      ->check(CLI::Range(0.0, 0.99))
      ->capture_default_str();
  command
      .add_option("--crop-divisor", options.crop_points_divisor,
                  "each layer's grid has so many times fewer points a side")
      ->check(whole_number(1, 1024))
      ->capture_default_str();
  command
      .add_option("--tile", options.tile, "pixels; a large picture in tiles of this side, at one scale; 0 = as a whole")
      ->check(whole_number(0, 1 << 20))
      ->capture_default_str();
  command.add_option("--min-region", options.min_region, pixels + "smaller holes are filled, smaller islands removed")
      ->check(whole_number(0))
      ->capture_default_str();
  command.add_option("--min-area", options.min_area, pixels + "smaller masks are left out")
      ->check(whole_number(0))
      ->capture_default_str();
  command.add_option("--max-area", options.max_area, pixels + "larger masks are left out")->check(whole_number(1));
}

}  // namespace

void add_amg(CLI::App& app, Run& run) {
  const auto [command, arguments] = add_command<AmgArguments>(app, run, "amg", "masks of everything in pictures", amg);
  command->add_option("--checkpoint", arguments->checkpoint, "HQ-SAM's, or SAM's")->required();
  command->add_option("--base", arguments->base,
                      "the SAM that trained keys belong to, where the checkpoint holds no more");
  command->add_option("--image", arguments->images, "pictures, or folders of them")->required();
  command->add_option("--output", arguments->output.folder, "folder of the results")->required();
  command->add_option("--boxes", arguments->boxes,
                      "in place of a grid: a detector's boxes, as predict's --prompts takes them");
  command->add_option("--masks", arguments->masks, kMasksHelp)->check(CLI::IsMember(words<MaskKind>(kMaskKinds)));
  add_search(*command, arguments->amg);
  command
      ->add_option("--format", arguments->formats,
                   "beside JSON, labels and overlay, repeatable: coco, yolo, labelme (a folder each), png, none")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({kPng, "coco", "yolo", "labelme", kNone}))
      ->capture_default_str();
  add_annotation_options(*command, arguments->output.annotations);
  command->add_option("--labels", arguments->labels, "which of several masks a pixel of the label PNG is given")
      ->check(CLI::IsMember({"smallest", "best"}))
      ->capture_default_str();
  command->add_option("--image-size", arguments->image_size, "pixels of the model's input; default: the checkpoint's")
      ->check(whole_number(1, kMostPixels));
  add_compute(*command, arguments->compute, AutoOnCpu::kFaster);
  command->footer(
      "Leaves of each picture <stem>.json (SA-1B's form: COCO RLE, bbox, area, predicted_iou, stability_score,\n"
      "point_coords, and parent, the number of the mask that it lies in), <stem>_labels.png (16 bits: each pixel's\n"
      "mask, 0 where there is none) and <stem>_overlay.jpg; masks are numbered from 1, best first. --format coco adds\n"
      "coco/annotations.json of all pictures, png <stem>_<number>.png (0/255). Earlier results are replaced.\n"
      "A picture that fails is told and the others are done; the exit code is then 1.");
}

}  // namespace hqsam
