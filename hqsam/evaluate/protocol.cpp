// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/protocol.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/image/resize.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/predict/tensor_image.h"

namespace hqsam {
namespace {

// gray -> [1,S,S] float 0..255, as in training; what lies outside `scaled` is 0.
torch::Tensor label_in_input(const Image& gray, Size scaled, int64_t side) {
  CropResize whole;
  whole.scaled = scaled;
  whole.side = side;
  const std::vector<float> values = crop_resize_label(gray, whole);
  torch::Tensor label = torch::empty({1, side, side}, torch::kFloat32);
  std::copy(values.begin(), values.end(), label.data_ptr<float>());
  return label;
}

// Makes prompts of a picture's labels under a protocol.
class LabelReader {
 public:
  LabelReader(const EvaluateOptions& options, const InputFrame& frame, int64_t side)
      : options_(options), frame_(frame), side_(side) {}

  // The prompt of a label; nothing where it has no inside in the frame that the prompt is made in.
  std::optional<PromptRow> prompt(const Image& label, const Mask& truth, RandomStream stream) const {
    if (options_.prompt == PromptType::kBox && options_.protocol == Protocol::kKeepAspect) return box_of(truth);
    const auto in_input = label_in_input(label, frame_.input_size, side_);
    if (!label_box(in_input.data_ptr<float>(), side_)) return std::nullopt;
    const Prompt drawn = draw_prompt(in_input, {{options_.prompt, 1, options_.prompt_points}}, stream);
    PromptRow row;
    row.box = drawn.box_in_input;
    row.points = drawn.points_in_input;
    if (row.points.defined()) row.point_labels = torch::ones({row.points.size(0)}, torch::kInt32);
    row.mask = drawn.mask_in_mask_input;
    return row;
  }

 private:
  // As SamPredictor does with a box of the picture's frame.
  std::optional<PromptRow> box_of(const Mask& truth) const {
    const auto box = bounding_box(truth);
    if (!box) return std::nullopt;
    PromptRow row;
    row.box = box_tensor(frame_.to_input(*box));
    return row;
  }

  const EvaluateOptions& options_;
  const InputFrame& frame_;
  int64_t side_;
};

}  // namespace

PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, int64_t side,
                              int64_t only) {
  PreparedSample prepared;
  prepared.set = sample.set;
  prepared.name = sample.name;
  prepared.image_path = sample.image_path;
  const bool squash = options.protocol == Protocol::kReference;
  const Size size = sample.image.size(), in_input = squash ? Size{side, side} : longest_side_size(size, side);
  prepared.frame = {size, in_input};
  prepared.image_in_input =
      image_to_tensor(squash ? resize_bilinear(sample.image, in_input) : resize_antialiased(sample.image, in_input));

  const LabelReader reader(options, prepared.frame, side);
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    const auto mask_index = static_cast<int64_t>(i);
    if (only >= 0 && only != mask_index) continue;
    const Image& label = sample.labels[i];
    if (label.size() != sample.image.size() || label.channels != 1) {
      fail("evaluate", "{}: mask {} is {}x{} with {} channels; it must be gray and of the picture's {}x{} pixels",
           sample.image_path, i, label.width, label.height, label.channels, sample.image.width, sample.image.height);
    }
    Mask truth = threshold_label(label);
    // A stream for each mask: the draws of one do not depend on the others.
    auto prompt =
        reader.prompt(label, truth, random_stream(options.seed, i, static_cast<uint64_t>(index), Draw::kPrompt));
    if (!prompt) {
      ++prepared.skipped;
      continue;
    }
    prepared.prompts.push_back(std::move(*prompt));
    prepared.truths.push_back(std::move(truth));
    prepared.mask_indexes.push_back(mask_index);
  }
  return prepared;
}

std::map<MaskKind, torch::Tensor> decode_sample(SamHq& model, const PreparedSample& sample,
                                                const std::vector<MaskKind>& kinds) {
  torch::NoGradGuard no_grad;
  const auto wants = [&](MaskKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
  const bool sam = wants(MaskKind::kSam), sum = wants(MaskKind::kSum), hq = sum || wants(MaskKind::kHq);
  const auto device = model->device();
  const ImageFeatures features = model->encode(sample.image_in_input.to(device));
  const auto hq_features = hq ? model->mask_decoder->hq_features(features) : torch::Tensor();

  std::map<MaskKind, torch::Tensor> low_res;
  const int64_t rows = static_cast<int64_t>(sample.prompts.size()), m = model->mask_input_size();
  for (const MaskKind kind : kinds)
    low_res[kind] = torch::empty({rows, 1, m, m}, torch::dtype(torch::kFloat32).device(device));
  for (const auto& batch : prompt_batches(sample.prompts)) {
    const PromptTensors prompts = stack_prompts(sample.prompts, batch, device);
    const auto at = torch::tensor(batch, torch::kInt64).to(device);
    const auto keep = [&](const DecoderOutput& output, MaskKind kind) {
      if (!wants(kind)) return;
      low_res[kind].index_copy_(0, at, select_masks(output, kind, /*multimask=*/false).logits.to(torch::kFloat32));
    };
    if (sam) keep(model->decode(features, hq_features, prompts, DecoderPass::kSam), MaskKind::kSam);
    if (!hq) continue;
    const auto output =
        model->decode(features, hq_features, prompts, sum ? DecoderPass::kSamAndHq : DecoderPass::kHqOnly);
    keep(output, MaskKind::kHq);
    keep(output, MaskKind::kSum);
  }
  return low_res;
}

std::vector<Mask> masks_in_image(const torch::Tensor& low_res, const PreparedSample& sample, Protocol protocol,
                                 int64_t side) {
  torch::NoGradGuard no_grad;
  std::vector<Mask> masks;
  for (int64_t i = 0; i < low_res.size(0); ++i) {  // one at a time: a large picture's logits are large
    const auto own = low_res.narrow(0, i, 1);
    const Size size = sample.frame.image_size;
    const auto logits = protocol == Protocol::kReference
                            ? torch::upsample_bilinear2d(own, {size.height, size.width}, /*align_corners=*/false)
                            : postprocess_masks(own, side, sample.frame.input_size, size);
    masks.push_back(mask_of_logits(logits[0][0]));
  }
  return masks;
}

void check_kinds(const SamHq& model, const std::vector<MaskKind>& kinds) {
  if (model->has_hq()) return;
  for (const MaskKind kind : kinds) {
    if (kind == MaskKind::kSam) continue;
    fail("evaluate", "this model has no HQ modules, so it has no '{}' masks; evaluate 'sam' alone or load HQ-SAM",
         to_string(kind));
  }
}

}  // namespace hqsam
