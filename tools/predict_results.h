// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/image/draw.h"
#include "hqsam/predict/predictor.h"

namespace hqsam {

// What was predicted on one picture: equally many predictions of each prompt, in order.
struct PictureResults {
  std::filesystem::path path;
  std::string stem;
  Image image;
  std::vector<PredictPrompt> prompts;
  std::vector<Prediction> predictions;
};

// <stem>_<i>.png, <stem>.json and, where keep_logits, <stem>.safetensors in the folder.
void write_results(const std::filesystem::path& folder, const PictureResults& results, const std::string& masks,
                   bool keep_logits);

// Panels of the picture with masks, or with the prompts; side is the model's image_size.
Panel mask_panel(const PictureResults& results, const std::vector<Prediction>& predictions, Color color,
                 const std::string& caption);
Panel prompt_panel(const PictureResults& results, int64_t side);

}  // namespace hqsam
