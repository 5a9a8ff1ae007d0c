// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "amg_results.h"
#include "hqsam/amg/generator.h"
#include "hqsam/predict/prompt_source.h"

namespace hqsam {

struct AmgRunOptions {
  AmgOptions amg;
  AmgOutputOptions output;
  std::optional<PromptSource> boxes;  // in place of the grid
  bool bf16 = false;
};

struct AmgOutcome {
  int64_t pictures = 0, masks = 0;           // done, and written
  std::vector<std::string> failed;           // pictures, or "picture (2 of 10 boxes)"
  std::vector<std::string> without_prompts;  // pictures without boxes
};

// One picture after the other; the next is read and the last one's files are written meanwhile. A picture that fails is
// told and the others are done all the same; the failure of an only picture is thrown.
AmgOutcome find_everything(SamHq model, const std::vector<std::filesystem::path>& pictures,
                           const AmgRunOptions& options);

}  // namespace hqsam
