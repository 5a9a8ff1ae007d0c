// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include "hqsam/model/feature_pyramid.h"
#include "hqsam/model/image_encoder.h"
#include "hqsam/model/layers.h"
#include "hqsam/model/options.h"
#include "hqsam/model/transformer.h"

namespace hqsam {

// Which tokens run and which masks come out.
enum class DecoderPass {
  kSam,       // SAM as it was: 5 output tokens, SAM's masks
  kSamAndHq,  // with the HQ token: SAM's slots (which the HQ token influences) and the HQ mask
  kHqOnly,    // the same pass, HQ mask alone: what training needs
};

struct DecoderInput {
  torch::Tensor image_embeddings;  // [B,C,G,G]
  torch::Tensor image_pe;          // [1,C,G,G]
  torch::Tensor sparse;            // [N,T,C], N = B * prompts per image, prompts of one image together
  torch::Tensor dense;             // [N,C,G,G]
  torch::Tensor hq_features;       // of MaskDecoder::hq_features; unused by kSam
  bool with_attention = false;     // DecoderOutput::attention
};

struct DecoderOutput {
  torch::Tensor masks_sam;  // [N,4,4G,4G] logits: slot 0 is the single mask, 1-3 the multimask; undefined for kHqOnly
  torch::Tensor masks_hq;   // [N,1,4G,4G] logits; undefined for kSam
  torch::Tensor iou;        // [N,4] SAM's predicted IoU per slot; undefined for kHqOnly
  // What the output tokens look at, where asked for, [N,heads,T,G*G]: the weights of the transformer's final attention
  // to the image; sam_token() and hq_token() say which row is whose.
  torch::Tensor attention;
};

// SAM's mask decoder and, where vit_dim is set, HQ-SAM's additions to it (Ke et al., NeurIPS 2023, section 3.2), or
// what HqOptions puts in their places. kSamAndHq and kHqOnly run SAM's tokens with those that HqOptions::token adds.
class MaskDecoderImpl : public torch::nn::Module {
 public:
  explicit MaskDecoderImpl(MaskDecoderOptions options);

  DecoderOutput forward(const DecoderInput& input, DecoderPass pass);
  // The image's share of the HQ-Feature, for all its prompts: final embedding + early feature, [B,C/8,4G,4G], or what
  // HqOptions makes of them: a pyramid's coarse levels [B,C/4,G,G]; undefined where the image has no share.
  torch::Tensor hq_features(const ImageFeatures& features);
  bool has_hq_features() const { return options_.hq.final_feature || options_.hq.early_feature; }

  bool has_hq() const { return options_.vit_dim > 0; }
  const MaskDecoderOptions& options() const { return options_; }
  // The keys' first words of what HQ training adds: hf_token, hf_mlp, compress_vit_feat, ..., all that there may be.
  static const std::vector<std::string>& hq_module_names();
  // Positions among the tokens of DecoderOutput::attention: of SAM's single mask, and of HQ's (in an HQ pass).
  int64_t sam_token() const { return 1; }
  int64_t hq_token() const { return options_.hq_token(); }

 private:
  // forward() with work shared between an image's prompts and folded into their few tokens: where it serves.
  bool folds(const DecoderInput& input, DecoderPass pass) const;
  DecoderOutput forward_folded(const DecoderInput& input, DecoderPass pass);
  torch::Tensor hq_masks_folded(const torch::Tensor& queries, const torch::Tensor& pixels, const torch::Tensor& shared);
  torch::Tensor output_tokens(DecoderPass pass, int64_t rows);
  torch::Tensor all_sam_weights(const torch::Tensor& queries);
  torch::Tensor sam_weights(const torch::Tensor& queries, int64_t slot);
  torch::Tensor hq_weights(const torch::Tensor& queries);
  torch::Tensor hq_feature(const torch::Tensor& upscaled, const torch::Tensor& shared);
  void register_hq_modules();

  MaskDecoderOptions options_;
  TwoWayTransformer transformer_ = nullptr;
  torch::nn::Embedding iou_token_ = nullptr, mask_tokens_ = nullptr, hf_token_ = nullptr, context_tokens_ = nullptr;
  torch::nn::Sequential output_upscaling_, compress_vit_feat_, embedding_encoder_, embedding_maskfeature_;
  torch::nn::ModuleList output_hypernetworks_mlps_;
  Mlp iou_prediction_head_ = nullptr, hf_mlp_ = nullptr;
  FeaturePyramid fpn_ = nullptr;
};
TORCH_MODULE(MaskDecoder);

enum class MaskKind { kSam, kHq, kSum };  // kSam after DecoderPass::kSam is SAM itself

// How many of SAM's masks a prompt gives.
enum class Multimask {
  kNone,  // one: slot 0
  kBest,  // one: the best of slots 1-3 by predicted IoU, as HQ-SAM's reference does with multimask_output
  kAll,   // slots 1-3, best first, as transformers does; kHq has one mask all the same
};

// Their words in files, command lines and messages.
inline constexpr Choice<MaskKind> kMaskKinds[] = {
    {MaskKind::kSam, "sam"}, {MaskKind::kHq, "hq"}, {MaskKind::kSum, "sum"}};
inline constexpr Choice<Multimask> kMultimasks[] = {
    {Multimask::kNone, "none"}, {Multimask::kBest, "best"}, {Multimask::kAll, "all"}};
std::string to_string(MaskKind kind);
std::string to_string(Multimask multimask);

// Masks that a prompt gives: num_multimask_outputs with kAll, unless kHq is asked for; else one.
int64_t masks_per_prompt(MaskKind kind, Multimask multimask, int64_t num_multimask_outputs);

struct SelectedMasks {
  torch::Tensor logits;  // [N,K,4G,4G], K = 1, or 3 with kAll
  torch::Tensor iou;     // [N,K] SAM's predicted IoU; undefined where the output has none
};

// SAM's masks of the slots asked for; then SAM's logits, HQ's, or each of SAM's plus HQ's.
SelectedMasks select_masks(const DecoderOutput& output, MaskKind kind, Multimask multimask);

}  // namespace hqsam
