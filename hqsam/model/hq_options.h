// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/core/choose.h"

namespace hqsam {

// Where the HQ mask comes from: which weights h [N,c] are dotted with which feature map. With q_hq and q_sam the HQ
// token and SAM's token of its single mask as they leave the transformer, and mlp_sam that token's own network:
enum class HqToken {
  kHq,           // h = hf_mlp(q_hq)
  kContext,      // three learned tokens (context_tokens [3,C]) stand beside SAM's own in place of an HQ token;
                 // h = mlp_sam(q_sam), both as SAM trained them
  kTimesOutput,  // scaled dot-product attention of hf_mlp(q_hq) = a over a and b = mlp_sam(q_sam):
                 // h = softmax([a.a, a.b] / sqrt(c)) [a; b]. The paper names the product and gives no formula
};

inline constexpr Choice<HqToken> kHqTokens[] = {
    {HqToken::kHq, "hq"}, {HqToken::kContext, "context"}, {HqToken::kTimesOutput, "times_output"}};

// What SAM's upscaled mask feature gives to the HQ-Feature.
enum class MaskFeature {
  kNone,
  kPlain,  // as it is
  kConvs,  // through two 3x3 convolutions
};

inline constexpr Choice<MaskFeature> kMaskFeatures[] = {
    {MaskFeature::kNone, "none"}, {MaskFeature::kPlain, "plain"}, {MaskFeature::kConvs, "convs"}};

// The HQ modules of a mask decoder; a module that is not in use does not exist. The defaults are HQ-SAM, the others
// its paper's ablations (Ke et al., NeurIPS 2023, tables 2 and 3). Keys do not tell them all: without its metadata a
// checkpoint with kTimesOutput is taken for HQ-SAM.
struct HqOptions {
  HqToken token = HqToken::kHq;
  // The HQ-Feature is the sum of those of these that are there.
  MaskFeature mask_feature = MaskFeature::kConvs;
  bool final_feature = true;  // the image embedding, upscaled by embedding_encoder
  bool early_feature = true;  // the encoder's early feature, upscaled by compress_vit_feat
  // Instead of their sum a feature pyramid (feature_pyramid.h) of all three; mask_feature is then kPlain.
  bool fpn = false;

  bool operator==(const HqOptions&) const = default;
  void validate() const;  // throws Error for sources that mean nothing together
};

// For a checkpoint's metadata: {"token": "hq", "mask_feature": "convs", "final_feature": true, ...}.
std::string to_json(const HqOptions& options);
// Throws Error for what is no such object, unknown words and names, and options that do not validate().
HqOptions hq_options_from_json(const std::string& text);

}  // namespace hqsam
