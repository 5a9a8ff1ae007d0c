// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/foreign_parts.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

struct Mark {
  std::string_view part, what;
};

// Parts of names that only one family of models has; they begin at a component of the name.
constexpr Mark kModels[] = {
    {"sam_mask_decoder.", "SAM 2 (or later), which has another encoder, a memory and another decoder"},
    {"image_encoder.trunk.", "SAM 2 (or later), which has another encoder"},
    {"vision_encoder.backbone.", "Hugging Face's SAM 2 (or later), which has another encoder"},
    {"image_encoder.backbone.", "a SAM with another image encoder, as EfficientViT-SAM is"},
    {"image_encoder.features.", "a SAM with a RepViT as image encoder, as EdgeSAM and RepViT-SAM are"},
    {"image_encoder.fuse_stage", "a SAM with a RepViT as image encoder, as EdgeSAM is"},
    {"mask_decoder.final_output_upscaling_layers.", "EfficientSAM, which has another decoder"},
    {"PromtEncoder.", "the prompt-guided decoder of MobileSAM v2, which has no image encoder"},
    {"memory_encoder.", "a model for videos with a memory, as SAM 2 is"},
};

// The same of their parts, in small letters, anywhere in a name.
constexpr Mark kParts[] = {
    {"lora", "low-rank terms (LoRA)"},          {".linear_a_", "low-rank terms (LoRA)"},
    {".linear_b_", "low-rank terms (LoRA)"},    {".qkv.qkv.", "low-rank terms (LoRA)"},
    {".base_layer.", "low-rank terms (LoRA)"},  {"adapter", "an adapter"},
    {"prompt_generator", "a prompt generator"}, {"prompt_embeddings", "learned prompts"},
    {"learned_prompt", "learned prompts"},      {"visual_prompt", "learned prompts"},
    {"prompt_tokens", "learned prompts"},
};

constexpr std::string_view kBookkeeping[] = {
    "num_batches_tracked",     "total_ops", "total_params", "attention_bias_idxs", "n_averaged",
    "relative_position_index", "ab",        "attn_mask",    "position_ids"};

bool has_component(std::string_view name, std::string_view part) {
  for (size_t at = name.find(part); at != name.npos; at = name.find(part, at + 1)) {
    if (at == 0 || name[at - 1] == '.') return true;
  }
  return false;
}

}  // namespace

std::string foreign_model(const std::vector<std::string>& names) {
  for (const Mark& mark : kModels) {
    const auto fits = [&](const std::string& name) { return has_component(name, mark.part); };
    if (std::any_of(names.begin(), names.end(), fits)) return std::string(mark.what);
  }
  return "";
}

std::string_view foreign_part(std::string_view name) {
  const std::string small = lower_case(name);
  if (small.starts_with("w_a_") || small.starts_with("w_b_")) return "low-rank terms (LoRA)";  // SAMed's own files
  for (const auto& [part, what] : kParts) {
    if (small.find(part) != small.npos) return what;
  }
  return "";
}

bool is_bookkeeping(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::find(std::begin(kBookkeeping), std::end(kBookkeeping), last) != std::end(kBookkeeping);
}

void check_parts(const std::vector<std::string>& names) {
  std::vector<std::string> foreign;
  std::string_view what;
  for (const std::string& name : names) {
    const std::string_view part = foreign_part(name);
    if (part.empty()) continue;
    if (what.empty()) what = part;
    foreign.push_back(shown_short(name));
  }
  if (!foreign.empty()) {
    fail("read_checkpoint",
         "the model has {}, which hqsam does not have and does not leave out: {} tensors, {}; merge them into SAM's "
         "weights where that model is, or name its SAM",
         what, foreign.size(), first_few(foreign));
  }
}

}  // namespace hqsam
