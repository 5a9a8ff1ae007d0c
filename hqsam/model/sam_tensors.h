// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/tensorfile/file_contents.h"

namespace hqsam {

// Takes the tensors of the one SAM in a file, by content: those whose names, behind one and the same prefix, begin with
// image_encoder., prompt_encoder., mask_decoder. or Hugging Face's vision_encoder., shared_image_embedding.; else those
// of a mask decoder alone. The prefix ("model.", "state_dict.net.", ...) is taken off, and so is, anywhere in a name,
// what DistributedDataParallel, torch.compile and FSDP put there (module, _orig_mod, ...).
//
// Of several models, one that is whole goes before parts of one, and one that trained before its average (a prefix with
// ema, swa, avg, ...), which is told as a warning; otherwise two models are an Error naming both prefixes. What lies
// beside (optimizer, arguments, heads) is left out and told. Python objects where SAM's tensors belong, models and
// parts that hqsam does not have, and files without a SAM are an Error saying what there is. `path` is for the log.
std::vector<TakenTensor> take_sam(const FileContents& contents, const std::string& path);

}  // namespace hqsam
