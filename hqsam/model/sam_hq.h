// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <string>
#include <utility>
#include <vector>

#include "hqsam/model/image_encoder_vit.h"
#include "hqsam/model/mask_decoder.h"
#include "hqsam/model/prompt_encoder.h"
#include "hqsam/model/tiny_vit.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// SAM's architectures, with HQ modules; without_hq() takes those away.
SamHqOptions vit_b();
SamHqOptions vit_l();
SamHqOptions vit_h();
SamHqOptions vit_tiny();  // Light HQ-SAM: TinyViT, 10 M parameters
SamHqOptions micro();     // hqsam's own: 512 pixels, about 4 M parameters, trains on a CPU
SamHqOptions without_hq(SamHqOptions options);
// By name. Throws Error naming the nearest.
SamHqOptions variant_by_name(const std::string& name);
// vit_b, vit_l, vit_h, vit_tiny, micro.
std::vector<std::string> variant_names();
// The name of the variant with this architecture, at any image size, or "custom".
std::string variant_name(const SamHqOptions& options);

// The whole model; its registered names are the checkpoint's keys.
class SamHqImpl : public torch::nn::Module {
 public:
  explicit SamHqImpl(SamHqOptions options);

  // image [B,3,H,W], RGB 0..255, H and W at most image_size -> normalized, zero-padded right and bottom
  // to [B,3,S,S].
  torch::Tensor preprocess(const torch::Tensor& image) const;
  // preprocess, then the image encoder.
  ImageFeatures encode(const torch::Tensor& image);
  // Prompts of B images -> masks; hq_features (of features, once per image) is unused by kSam. Whatever decodes calls
  // this: PictureSession and Trainer.
  DecoderOutput decode(const ImageFeatures& features, const torch::Tensor& hq_features, const PromptTensors& prompts,
                       DecoderPass pass, bool with_attention = false);

  int64_t image_size() const { return options_.image_size(); }
  int64_t mask_input_size() const { return 4 * options_.prompt_encoder.grid; }
  bool has_hq() const { return options_.mask_decoder.vit_dim > 0; }
  torch::Device device() const;
  const SamHqOptions& options() const { return options_; }

  // Public, as in SAM: callers run the stages they need.
  std::shared_ptr<ImageEncoderImpl> image_encoder;
  PromptEncoder prompt_encoder = nullptr;
  MaskDecoder mask_decoder = nullptr;

 private:
  SamHqOptions options_;
};
TORCH_MODULE(SamHq);

// Parameters of the HQ modules, by checkpoint key ("mask_decoder.hf_token.weight", ...); those of HqOptions too.
bool is_hq_key(const std::string& key);
bool has_hq_keys(const TensorMap& checkpoint);
// All the others: SAM's own.
bool is_base_key(const std::string& key);

// Parameters, then buffers, by checkpoint key; the live tensors.
NamedTensors named_tensors(const SamHq& model);

// Fresh weights as PyTorch's constructors draw them (uniform in +-1/sqrt(fan_in), embeddings normal), but
// from the seed alone. All of the model, or its HQ modules only.
enum class InitScope { kAll, kHq };
void initialize(SamHq& model, InitScope scope, uint64_t seed);

}  // namespace hqsam
