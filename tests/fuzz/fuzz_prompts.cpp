// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "harness.h"
#include "hqsam/predict/prompt_file.h"

using namespace hqsam;

namespace {

void check_prompt(const StatedPrompt& prompt) {
  if (!prompt.error.empty()) return fuzz::check_message(Error(prompt.error));
  fuzz::require(prompt.box || !prompt.points.empty() || !prompt.mask.empty());
  fuzz::require(prompt.point_labels.empty() || prompt.point_labels.size() == prompt.points.size());
  for (const int label : prompt.point_labels) fuzz::require(label == 0 || label == 1);
  for (const Point& point : prompt.points) fuzz::require(std::isfinite(point.x) && std::isfinite(point.y));
  if (!prompt.box) return;
  for (const double number : prompt.box->numbers) fuzz::require(std::isfinite(number));
}

}  // namespace

// Prompts in JSON: hqsam's own, COCO's results and COCO's annotations.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const NamedPrompts& named : prompts_from_json(text, "p.json", "")) {
      fuzz::touch(named.name);
      const auto& frame = named.stated.frame;
      fuzz::require(!frame || (frame->height >= 1 && frame->width >= 1));
      for (const StatedPrompt& prompt : named.stated.prompts) check_prompt(prompt);
    }
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
