// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/model/sam_hq.h"

namespace hqsam {

inline constexpr int64_t kOnnxOpset = 17;  // the first with LayerNormalization; ONNX Runtime 1.12 and later read it

enum class OnnxDtype {
  kFp32,
  kFp16,  // weights and products in fp16; sums of residuals, norms, softmax, prompts and mask logits in fp32
};

struct OnnxOptions {
  MaskKind masks = MaskKind::kSum;         // kSam: the pass without the HQ token, of any model
  Multimask multimask = Multimask::kNone;  // kAll: K = 3 masks of each prompt, otherwise (and for kHq) K = 1
  OnnxDtype dtype = OnnxDtype::kFp32;
  // Bytes. A graph with more weights keeps them beside it in a file with ".data" behind its name: protobuf ends at
  // 2 GiB.
  int64_t external_above = 1'900'000'000;

  void validate() const;  // throws Error naming the field
};

// An input or output of a graph, for people: "point_coords", "float", "[prompts,points,2]". Named sizes are the
// caller's to choose.
struct OnnxTensor {
  std::string name, type, shape;
};

struct OnnxFile {
  std::filesystem::path path;
  std::vector<OnnxTensor> inputs, outputs;
};

// Writes folder/encoder.onnx and folder/decoder.onnx; inputs and outputs are fp32 for every dtype, but for
// orig_im_size.
//
// encoder: image [B,3,H,W], RGB 0..255, already resized so that its longer side is image_size (Pillow's antialiased
//   bilinear, as SamPredictor); normalizing and padding are inside. -> image_embeddings [B,C,G,G] and, unless masks
//   is kSam, hq_features [B,C/8,4G,4G]: what the decoder needs of a picture, computed once.
// decoder: one picture, any number B of prompts, all with N points; SAM's own names and meanings.
//   image_embeddings [1,C,G,G], hq_features [1,C/8,4G,4G] (unless kSam), point_coords [B,N,2] (x y in pixels of the
//   resized picture), point_labels [B,N] (0 negative, 1 positive, 2 and 3 a box's corners, -1 padding: points without
//   a box are followed by one of these), mask_input [1 or B,1,4G,4G] (logits, or 0/255), has_mask_input [1 or B]
//   (0 or 1), orig_im_size [2] (int64: height, width of the picture before resizing)
//   -> masks [B,K,height,width] (logits, inside where > 0), iou_predictions [B,K], low_res_masks [B,K,4G,4G].
//
// Each file appears whole or not at all, and no decoder beside another export's encoder. Throws Error for HQ masks of a
// model without HQ modules or of one that is like_transformers, weights that are not finite or too large for fp16, and
// a folder that cannot be written. Returns the encoder and the decoder as they were written.
std::vector<OnnxFile> export_onnx(const SamHq& model, const std::filesystem::path& folder,
                                  const OnnxOptions& options = {});

}  // namespace hqsam
