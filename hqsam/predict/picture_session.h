// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "hqsam/image/draw.h"
#include "hqsam/image/image.h"
#include "hqsam/mask/packed.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/predict/tensor_image.h"
#include "hqsam/prompt/input_frame.h"
#include "hqsam/prompt/prompt.h"

namespace hqsam {

// Where a picture of this size lies in a square input of this side.
InputFrame input_frame(Size image_size, Protocol protocol, int64_t side);

// A picture ready for the model.
struct PictureInput {
  torch::Tensor pixels_in_input;  // [1,3,h,w] uint8, not padded
  InputFrame frame;
};
// side: the model's image_size. From any thread. Throws Error for a gray or empty picture.
PictureInput picture_input(const Image& image, Protocol protocol, int64_t side);

// What the encoder makes of a picture; its file is in embedding_file.h.
struct Embedding {
  InputFrame frame;
  ImageFeatures features;  // of one picture, on the model's device; of the early features the first
};

struct DecodeOptions {
  std::vector<MaskKind> kinds = {MaskKind::kSum};  // kSam is a pass without the HQ token; the others share one
  Multimask multimask = Multimask::kNone;
  bool scores = true;      // SAM's predicted IoU; of HQ's masks alone it costs that pass SAM's heads
  bool attention = false;  // what the tokens of the pass look at
  int64_t batch = 0;       // most prompts in one decoder call; 0: by the device
};

// One mask of one prompt.
struct Decoded {
  MaskKind kind = MaskKind::kSum;
  size_t prompt = 0;
  int64_t rank = 0;         // with Multimask::kAll 0 is the best
  torch::Tensor low_res;    // [1,1,M,M] float32 logits on the model's device
  double score = 0;         // 0 unless asked for
  torch::Tensor attention;  // [1,T,G,G] float32, mean over heads; MaskDecoder::sam_token() and hq_token() say whose
};
using OnDecoded = std::function<void(const Decoded& decoded)>;

// One picture, any number of prompts: the only way from a picture to masks.
class PictureSession {
 public:
  // Runs the encoder.
  PictureSession(SamHq model, const PictureInput& picture);
  // Takes what it made before.
  PictureSession(SamHq model, Embedding embedding);
  // Encodes several pictures at once.
  static std::vector<PictureSession> encode(SamHq model, std::span<const PictureInput* const> pictures);

  // Hands out each decoder batch's masks before the next one is run: kind after kind, prompt after prompt. Throws
  // Error without prompts or kinds, and for HQ masks of a model without HQ modules.
  void decode(std::span<const Prompt> prompts, const DecodeOptions& options, const OnDecoded& on_decoded);

  // low_res [1,1,M,M] of this picture's masks -> logits [H,W] of `size` pixels, where not given the picture's. They
  // lie in the room until its next use.
  torch::Tensor logits_in_image(const torch::Tensor& low_res, FrameRoom& room, std::optional<Size> size = {}) const;
  // The same, > 0, packed.
  PackedMask mask_in_image(const torch::Tensor& low_res, FrameRoom& room, std::optional<Size> size = {}) const;

  const Embedding& embedding() const { return embedding_; }
  const InputFrame& frame() const { return embedding_.frame; }

 private:
  const torch::Tensor& hq_features();

  SamHq model_ = nullptr;
  Embedding embedding_;
  torch::Tensor hq_features_;  // made when the first HQ mask is asked for
};

// The prompt in the picture's frame; a mask of 0 and 255 is cut in the middle, logits at 0, at `size` pixels, where not
// given the picture's.
PromptMarks marks_in_image(const Prompt& prompt, const PictureSession& session, std::optional<Size> size = {});

// Throws Error where kinds need HQ modules and the model has none.
void check_kinds(const SamHq& model, const std::vector<MaskKind>& kinds);

// SAM's postprocess_masks: low_res [N,C,M,M] -> S x S, cut to input_size, -> image_size; both bilinear.
torch::Tensor postprocess_masks(const torch::Tensor& low_res, int64_t side, Size input_size, Size image_size);

}  // namespace hqsam
