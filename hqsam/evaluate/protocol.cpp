// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/protocol.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/data/clicks.h"
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
  std::optional<PromptRow> prompt(const Label& label, const PackedMask& truth, RandomStream stream) {
    if (options_.origin == PromptOrigin::kClicks) return first_click(truth);
    if (options_.prompt == PromptType::kBox && options_.protocol == Protocol::kKeepAspect) return box_of(truth);
    const auto in_input = label_in_input(label.gray_in(room_), frame_.input_size, side_);
    if (!label_box(in_input.data_ptr<float>(), side_)) return std::nullopt;
    const Prompt drawn = draw_prompt(in_input, {{options_.prompt, 1, options_.prompt_points}}, stream);
    PromptRow row;
    row.box = drawn.box_in_input;
    row.points = drawn.points_in_input;
    if (row.points.defined()) row.point_labels = torch::ones({row.points.size(0)}, torch::kInt32);
    row.mask = drawn.mask_in_mask_input;
    return row;
  }

  // A rough mask of the picture, brought to the mask input as in training: 0 or 255.
  PromptRow coarse(const Image& mask) const {
    PromptRow row;
    const auto small = mask_input_of_label(label_in_input(mask, frame_.input_size, side_))[0];
    row.mask = (small / 255 > 0.5).to(torch::kFloat32) * 255;
    return row;
  }

 private:
  // As SamPredictor does with a box of the picture's frame.
  std::optional<PromptRow> box_of(const PackedMask& truth) const {
    if (!truth.box) return std::nullopt;
    PromptRow row;
    row.box = box_tensor(frame_.to_input(*truth.box));
    return row;
  }

  std::optional<PromptRow> first_click(const PackedMask& truth) const {
    const auto click = next_click(Mask(truth.size.height, truth.size.width), unpack(truth), {});
    if (!click) return std::nullopt;
    const Point point = frame_.to_input(Point{static_cast<double>(click->x), static_cast<double>(click->y)});
    PromptRow row;
    row.points = torch::tensor({static_cast<float>(point.x), static_cast<float>(point.y)}).view({1, 2});
    row.point_labels = torch::ones({1}, torch::kInt32);
    return row;
  }

  const EvaluateOptions& options_;
  const InputFrame& frame_;
  int64_t side_;
  Image room_;  // for a label of the picture's size: used again, as FrameRoom
};

void check_mask(const Sample& sample, Size size, int64_t channels, size_t number) {
  if (size == sample.image.size() && channels == 1) return;
  fail("evaluate", "{}: mask {} is {}x{} with {} channels; it must be gray and of the picture's {}x{} pixels",
       sample.image_path, number, size.width, size.height, channels, sample.image.width, sample.image.height);
}

// A sample's labels, each packed once.
class PackedLabels {
 public:
  explicit PackedLabels(const Sample& sample) : sample_(sample), packed_(sample.labels.size()) {}

  const SharedMask& at(size_t i) {
    const Label& label = sample_.labels[i];
    check_mask(sample_, label.size(), label.channels(), i);
    if (!packed_[i]) packed_[i] = label.packed();
    return packed_[i];
  }

 private:
  const Sample& sample_;
  std::vector<SharedMask> packed_;
};

void check_infos(const Sample& sample) {
  if (sample.infos.empty() || sample.infos.size() == sample.labels.size()) return;
  fail("evaluate", "{}: {} masks with what is known of {}", sample.image_path, sample.labels.size(),
       sample.infos.size());
}

// What average precision needs of a picture.
void add_annotations(const Sample& sample, PackedLabels& packed, PreparedSample& prepared) {
  prepared.annotated = sample.annotated;
  if (!sample.annotated) return;
  prepared.infos = sample.infos;
  for (size_t i = 0; i < sample.labels.size(); ++i) prepared.all_masks.push_back(packed.at(i));
  const auto set_of = [](const std::vector<int64_t>& ids) { return std::set<int64_t>(ids.begin(), ids.end()); };
  prepared.federation = {sample.federated, set_of(sample.negative_categories),
                         set_of(sample.not_exhaustive_categories)};
}

void add_detections(const Sample& sample, PreparedSample& prepared) {
  if (!sample.annotated || !sample.detected) {
    fail("evaluate", "{}: the set has no detector's boxes; they need type: coco and detections: <their JSON>",
         sample.image_path);
  }
  for (const ScoredBox& box : sample.boxes) {
    PromptRow row;
    row.box = box_tensor(prepared.frame.to_input(box.box_in_image));
    prepared.prompts.push_back(std::move(row));
    prepared.box_scores.push_back(box.score);
    prepared.categories.push_back(box.category);
  }
}

struct PrepareHow {
  int64_t index;
  const EvaluateOptions& options;
  int64_t side, only;  // as in prepare_sample
};

// Prompts of the masks that have an inside; crowds get none.
void add_masks(const Sample& sample, const PrepareHow& how, PackedLabels& packed, PreparedSample& prepared) {
  const auto& [index, options, side, only] = how;
  LabelReader reader(options, prepared.frame, side);
  const bool coarse = options.origin == PromptOrigin::kCoarseMask;
  if (coarse && sample.coarse.size() != sample.labels.size()) {
    fail("evaluate", "{} has {} masks and {} coarse ones; name a folder of them (data.valid[].coarse)",
         sample.image_path, sample.labels.size(), sample.coarse.size());
  }
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    const auto mask_index = static_cast<int64_t>(i);
    if (only >= 0 && only != mask_index) continue;
    const SharedMask& truth = packed.at(i);
    if (!sample.infos.empty() && sample.infos[i].crowd) continue;
    std::optional<PromptRow> prompt;
    if (coarse) {
      check_mask(sample, sample.coarse[i].size(), sample.coarse[i].channels, i);
      if (truth->box) prompt = reader.coarse(sample.coarse[i]);
    } else {
      // A stream for each mask: the draws of one do not depend on the others.
      const auto stream = random_stream(options.seed, i, static_cast<uint64_t>(index), Draw::kPrompt);
      prompt = reader.prompt(sample.labels[i], *truth, stream);
    }
    if (!prompt) {
      ++prepared.skipped;
      continue;
    }
    prepared.prompts.push_back(std::move(*prompt));
    prepared.truths.push_back(truth);
    prepared.mask_indexes.push_back(mask_index);
    if (!sample.infos.empty()) prepared.categories.push_back(sample.infos[i].category);
  }
}

// All but the picture itself.
PreparedSample prepare(const Sample& sample, const PrepareHow& how, PackedLabels& packed) {
  const auto& [index, options, side, only] = how;
  PreparedSample prepared;
  prepared.set = sample.set;
  prepared.name = sample.name;
  prepared.image_path = sample.image_path;
  const Size size = sample.image.size();
  prepared.frame = {size, options.protocol == Protocol::kReference ? Size{side, side} : longest_side_size(size, side)};
  prepared.skipped = sample.skipped;
  if (!sample.unknown.pixels.empty()) {
    prepared.unknown = std::make_shared<const BitMask>(pack(threshold_label(sample.unknown)));
  }
  check_infos(sample);
  if (only < 0) add_annotations(sample, packed, prepared);
  if (options.origin == PromptOrigin::kDetector) {
    add_detections(sample, prepared);
  } else {
    add_masks(sample, how, packed, prepared);
  }
  return prepared;
}

torch::Tensor image_in_input(const Sample& sample, const InputFrame& frame, Protocol protocol) {
  return image_to_tensor(protocol == Protocol::kReference ? resize_bilinear(sample.image, frame.input_size)
                                                          : resize_antialiased(sample.image, frame.input_size));
}

}  // namespace

PreparedSample prepare_sample(const Sample& sample, int64_t index, const EvaluateOptions& options, int64_t side,
                              int64_t only) {
  PackedLabels packed(sample);
  PreparedSample prepared = prepare(sample, {index, options, side, only}, packed);
  prepared.image_in_input = image_in_input(sample, prepared.frame, options.protocol);
  return prepared;
}

std::vector<PreparedSample> prepare_prompts(const Sample& sample, int64_t index,
                                            const std::vector<EvaluateOptions>& options, int64_t side) {
  std::vector<PreparedSample> prepared;
  PackedLabels packed(sample);
  for (const EvaluateOptions& one : options) prepared.push_back(prepare(sample, {index, one, side, -1}, packed));
  const bool any = std::any_of(prepared.begin(), prepared.end(), [](const auto& one) { return !one.prompts.empty(); });
  if (any) {
    prepared.front().image_in_input = image_in_input(sample, prepared.front().frame, options.front().protocol);
  }
  return prepared;
}

EncodedPicture encode_sample(SamHq& model, const PreparedSample& sample, const std::vector<MaskKind>& kinds) {
  torch::NoGradGuard no_grad;
  EncodedPicture picture{model->encode(sample.image_in_input.to(model->device())), {}};
  const bool hq = std::any_of(kinds.begin(), kinds.end(), [](MaskKind kind) { return kind != MaskKind::kSam; });
  if (hq) picture.hq_features = model->mask_decoder->hq_features(picture.features);
  return picture;
}

void decode_prompts(SamHq& model, const EncodedPicture& picture, const std::vector<PromptRow>& prompts,
                    const std::vector<MaskKind>& kinds, bool with_iou, const OnDecoded& on_decoded) {
  torch::NoGradGuard no_grad;
  const auto wants = [&](MaskKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
  const bool sam = wants(MaskKind::kSam), sum = wants(MaskKind::kSum), hq = sum || wants(MaskKind::kHq);
  for (const auto& batch : prompt_batches(prompts)) {
    const PromptTensors tensors = stack_prompts(prompts, batch, model->device());
    const auto hand_out = [&](const DecoderOutput& output, MaskKind kind) {
      if (!wants(kind)) return;
      const SelectedMasks selected = select_masks(output, kind, Multimask::kNone);
      const auto logits = selected.logits.to(torch::kFloat32).contiguous();
      const auto iou = with_iou ? selected.iou.to(torch::kCPU, torch::kFloat32).reshape({-1}) : torch::Tensor();
      for (size_t row = 0; row < batch.size(); ++row) {
        const auto at = static_cast<int64_t>(row);
        on_decoded(kind, static_cast<size_t>(batch[row]), logits.narrow(0, at, 1),
                   with_iou ? static_cast<double>(iou[at].item<float>()) : 0);
      }
    };
    if (sam) hand_out(model->decode(picture.features, picture.hq_features, tensors, DecoderPass::kSam), MaskKind::kSam);
    if (!hq) continue;
    const DecoderPass pass = sum || with_iou ? DecoderPass::kSamAndHq : DecoderPass::kHqOnly;
    const auto output = model->decode(picture.features, picture.hq_features, tensors, pass);
    hand_out(output, MaskKind::kHq);
    hand_out(output, MaskKind::kSum);
  }
}

std::map<MaskKind, torch::Tensor> decode_sample(SamHq& model, const PreparedSample& sample,
                                                const std::vector<MaskKind>& kinds) {
  const EncodedPicture picture = encode_sample(model, sample, kinds);
  std::map<MaskKind, std::vector<torch::Tensor>> rows;
  for (const MaskKind kind : kinds) rows[kind].resize(sample.prompts.size());
  decode_prompts(
      model, picture, sample.prompts, kinds, /*with_iou=*/false,
      [&](MaskKind kind, size_t prompt, const torch::Tensor& low_res, double) { rows[kind][prompt] = low_res; });
  std::map<MaskKind, torch::Tensor> low_res;
  for (const auto& [kind, tensors] : rows) low_res[kind] = torch::cat(tensors);
  return low_res;
}

PackedMask mask_in_image(const torch::Tensor& low_res, const PreparedSample& sample, Protocol protocol, int64_t side,
                         FrameRoom& room, std::optional<Size> size) {
  torch::NoGradGuard no_grad;
  const Size of_mask = size.value_or(sample.frame.image_size);
  if (protocol == Protocol::kReference) {
    upsample_into(low_res, of_mask, room.logits);
  } else {
    postprocess_masks(low_res, side, sample.frame.input_size, of_mask, room.logits);
  }
  bits_of_logits(room.logits[0][0], room.bits);
  return pack_tightly(room.bits);
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
