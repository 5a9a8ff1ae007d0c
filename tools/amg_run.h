// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "amg_results.h"
#include "hqsam/amg/generator.h"
#include "hqsam/predict/prompt_source.h"
#include "picture_words.h"

namespace hqsam {

struct AmgRunOptions {
  AmgOptions amg;
  AmgOutputOptions output;
  std::optional<PromptSource> boxes;  // in place of the grid
  bool bf16 = false;
};

// One picture after the other; the next is read and the last one's files are written meanwhile. A picture that fails is
// told and the others are done all the same; the failure of an only picture is thrown.
PicturesOutcome find_everything(SamHq model, const std::vector<std::filesystem::path>& pictures,
                                const AmgRunOptions& options);

}  // namespace hqsam
