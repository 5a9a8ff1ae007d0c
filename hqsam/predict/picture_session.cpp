// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/picture_session.h"

#include <algorithm>
#include <cmath>

#include "hqsam/core/error.h"
#include "hqsam/image/resize.h"
#include "hqsam/prompt/batch.h"

namespace hqsam {
namespace {

constexpr int64_t kDecoderRows = 32;      // prompts in one decoder batch; bounds its memory
constexpr int64_t kDecoderRowsOnCpu = 8;  // as fast as 32 there

bool has(const std::vector<MaskKind>& kinds, MaskKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// [N,heads,T,G*G] -> [N,T,G,G]
torch::Tensor mean_attention(const torch::Tensor& of_heads) {
  const auto mean = of_heads.to(torch::kFloat32).mean(1);
  const auto grid = std::llround(std::sqrt(static_cast<double>(mean.size(2))));
  return mean.view({mean.size(0), mean.size(1), grid, grid});
}

// The masks of one kind in a pass over a batch of prompts.
void hand_out(const DecoderOutput& output, MaskKind kind, const std::vector<int64_t>& batch,
              const DecodeOptions& options, const OnDecoded& on_decoded) {
  const SelectedMasks selected = select_masks(output, kind, options.multimask);
  const auto logits = selected.logits.to(torch::kFloat32).contiguous();
  const auto scores = options.scores ? selected.iou.to(torch::kCPU, torch::kFloat64) : torch::Tensor();
  const auto attention = options.attention ? mean_attention(output.attention) : torch::Tensor();
  for (int64_t row = 0; row < logits.size(0); ++row) {
    for (int64_t rank = 0; rank < logits.size(1); ++rank) {
      Decoded decoded{kind, static_cast<size_t>(batch[row]), rank, logits.narrow(0, row, 1).narrow(1, rank, 1)};
      if (options.scores) decoded.score = scores[row][rank].item<double>();
      if (options.attention) decoded.attention = attention.narrow(0, row, 1);
      on_decoded(decoded);
    }
  }
}

// Resizes into a tensor that is reused.
void postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size,
                       torch::Tensor& room) {
  if (low_res.dim() != 4 || input_size.height > side || input_size.width > side) {
    fail("postprocess_masks", "expected masks [N,C,M,M] and an input of at most {0}x{0}, got [{1}] and {2}x{3}", side,
         fmt::join(low_res.sizes(), ","), input_size.width, input_size.height);
  }
  const auto square = torch::upsample_bilinear2d(low_res, {side, side}, /*align_corners=*/false);
  upsample_into(square.narrow(2, 0, input_size.height).narrow(3, 0, input_size.width), image_size, room);
}

}  // namespace

InputFrame input_frame(Size image_size, Protocol protocol, int64_t side) {
  const bool squashed = protocol == Protocol::kReference;
  return {image_size, squashed ? Size{side, side} : longest_side_size(image_size, side), protocol};
}

PictureInput picture_input(const Image& image, Protocol protocol, int64_t side) {
  const InputFrame frame = input_frame(image.size(), protocol, side);
  const auto resize = protocol == Protocol::kReference ? resize_bilinear : resize_antialiased;
  return {image_to_tensor(resize(image, frame.input_size)), frame};
}

PictureSession::PictureSession(SamHq model, const PictureInput& picture) {
  const PictureInput* const one[] = {&picture};
  *this = std::move(encode(std::move(model), one).front());
}

std::vector<PictureSession> PictureSession::encode(SamHq model, std::span<const PictureInput* const> pictures) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> squares;
  for (const PictureInput* picture : pictures) {
    squares.push_back(model->preprocess(copy_to(picture->pixels_in_input, model->device())));
  }
  const ImageFeatures features =
      model->image_encoder->forward(squares.size() == 1 ? squares.front() : torch::cat(squares));
  std::vector<PictureSession> sessions;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto own = [&](const torch::Tensor& of_all) { return of_all.narrow(0, static_cast<int64_t>(i), 1); };
    Embedding embedding{pictures[i]->frame, {own(features.image_embeddings), {}}};
    embedding.features.interm_embeddings.push_back(own(features.interm_embeddings.at(0)));
    sessions.emplace_back(model, std::move(embedding));
  }
  return sessions;
}

PictureSession::PictureSession(SamHq model, Embedding embedding)
    : model_(std::move(model)), embedding_(std::move(embedding)) {}

const torch::Tensor& PictureSession::hq_features() {
  if (!hq_features_.defined()) hq_features_ = model_->mask_decoder->hq_features(embedding_.features);
  return hq_features_;
}

void PictureSession::decode(std::span<const Prompt> prompts, const DecodeOptions& options,
                            const OnDecoded& on_decoded) {
  const torch::NoGradGuard no_grad;
  if (prompts.empty()) fail("PictureSession::decode", "no prompts; give at least one box, point or mask");
  if (options.kinds.empty()) fail("PictureSession::decode", "no kinds of masks; ask for at least one");
  if (options.batch < 0) fail("PictureSession::decode", "the batch is at least 0, got {}", options.batch);
  check_kinds(model_, options.kinds);
  const bool sum = has(options.kinds, MaskKind::kSum), hq = sum || has(options.kinds, MaskKind::kHq);
  const bool sam_heads = sum || options.scores || options.multimask != Multimask::kNone;
  const auto device = model_->device();
  const int64_t most = options.batch > 0 ? options.batch : device.is_cpu() ? kDecoderRowsOnCpu : kDecoderRows;
  for (const auto& batch : prompt_batches(prompts, most)) {
    const PromptTensors tensors = stack_prompts(prompts, batch, device);
    if (has(options.kinds, MaskKind::kSam)) {
      const auto output = model_->decode(embedding_.features, {}, tensors, DecoderPass::kSam, options.attention);
      hand_out(output, MaskKind::kSam, batch, options, on_decoded);
    }
    if (!hq) continue;
    const DecoderPass pass = sam_heads ? DecoderPass::kSamAndHq : DecoderPass::kHqOnly;
    const auto output = model_->decode(embedding_.features, hq_features(), tensors, pass, options.attention);
    for (const MaskKind kind : {MaskKind::kHq, MaskKind::kSum}) {
      if (has(options.kinds, kind)) hand_out(output, kind, batch, options, on_decoded);
    }
  }
}

torch::Tensor PictureSession::logits_in_image(const torch::Tensor& low_res, FrameRoom& room,
                                              std::optional<Size> size) const {
  const torch::NoGradGuard no_grad;
  const InputFrame& frame = embedding_.frame;
  const Size of_mask = size.value_or(frame.image_size);
  if (frame.protocol == Protocol::kReference) {
    upsample_into(low_res, of_mask, room.logits);
  } else {
    postprocess_masks(low_res, model_->image_size(), frame.input_size, of_mask, room.logits);
  }
  return room.logits[0][0];
}

PackedMask PictureSession::mask_in_image(const torch::Tensor& low_res, FrameRoom& room,
                                         std::optional<Size> size) const {
  bits_of_logits(logits_in_image(low_res, room, size), room.bits);
  return pack_tightly(room.bits);
}

PromptMarks marks_in_image(const Prompt& prompt, const PictureSession& session, std::optional<Size> size) {
  const InputFrame& frame = session.frame();
  PromptMarks marks;
  if (prompt.box_in_input.defined()) {
    const float* box = prompt.box_in_input.const_data_ptr<float>();
    marks.box = frame.to_image(Box{box[0], box[1], box[2], box[3]});
  }
  for (int64_t i = 0; prompt.points_in_input.defined() && i < prompt.points_in_input.size(0); ++i) {
    const float* point = prompt.points_in_input.const_data_ptr<float>() + 2 * i;
    marks.points.push_back(frame.to_image(Point{point[0], point[1]}));
    marks.positive.push_back(prompt.point_labels.const_data_ptr<int32_t>()[i] == 1);
  }
  if (prompt.mask_in_mask_input.defined()) {
    const torch::Tensor& mask = prompt.mask_in_mask_input;
    const bool of_two_values = ((mask == 0) | (mask == 255)).all().item<bool>();
    FrameRoom room;
    marks.rough_mask =
        mask_of_logits(session.logits_in_image((of_two_values ? mask - 127.5 : mask).unsqueeze(0), room, size));
  }
  return marks;
}

void check_kinds(const SamHq& model, const std::vector<MaskKind>& kinds) {
  if (model->has_hq()) return;
  for (const MaskKind kind : kinds) {
    if (kind == MaskKind::kSam) continue;
    fail("PictureSession", "this model has no HQ modules, so it has no '{}' masks: ask for 'sam' alone or load HQ-SAM",
         to_string(kind));
  }
}

torch::Tensor postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size) {
  torch::Tensor masks;
  postprocess_masks(low_res, side, input_size, image_size, masks);
  return masks;
}

}  // namespace hqsam
