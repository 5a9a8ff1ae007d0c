// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/predict/predictor.h"
#include "hqsam/predict/prompt_source.h"
#include "picture_words.h"
#include "predict_annotations.h"

namespace hqsam {

struct PredictRunOptions {
  std::filesystem::path output;
  MaskKind masks = MaskKind::kSum;
  Multimask multimask = Multimask::kNone;
  bool png = true;  // masks, JSON and overlay of each picture
  PredictAnnotationsOptions annotations;
  bool logits = false;
  bool embeddings = false;                // the pictures are embedding files, PICTURE.safetensors
  std::filesystem::path save_embeddings;  // a folder of PICTURE.safetensors; "": none
  bool bf16 = false;                      // the precision of the run, told in them
  int64_t batch = 1;                      // pictures that the encoder takes at once
  int64_t lines = 1;                      // pictures under way beside each other
  size_t threads = 0;                     // of each line that write beside the model's
};

// Pictures that a CPU works on beside each other: several for a small encoder, whose layers are too short to be shared
// by many threads; one for the others, which would need much memory. The masks are the same to the bit.
int64_t choose_lines(const SamHq& model, int64_t pictures);

// Predicts one picture after the other in each line, reads the next meanwhile, and writes those before on other
// threads. One that fails is told at once, and the others are done all the same; the failure of an only picture is
// thrown.
PicturesOutcome predict_pictures(SamHq model, const std::vector<std::filesystem::path>& pictures,
                                 const PromptSource& source, const PredictRunOptions& options);

}  // namespace hqsam
