// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/predict/predictor.h"

namespace hqsam {

// "x0,y0,x1,y1" and "x,y" or "x,y,label"; nothing where the text is another.
std::optional<Box> parse_box(const std::string& text);
struct LabelledPoint {
  Point point;
  int label = 1;  // 1 inside, 0 outside
};
std::optional<LabelledPoint> parse_point(const std::string& text);

// The prompts of every picture, from the command line (for all pictures) or a JSON file (by file name).
struct PromptArguments {
  std::vector<std::string> boxes, points;
  std::string mask;  // a picture's mask, or .safetensors with low_res_logits
  std::string
      prompts;  // JSON: {"kite.jpg": {"boxes": [[x0,y0,x1,y1], ...], "points": [[x,y], ...], "labels": [1, ...]}}
};

class PicturePrompts {
 public:
  // Throws Error for malformed JSON, unknown keys, boxes together with a file, and for no prompt at all.
  explicit PicturePrompts(const PromptArguments& arguments);

  // One prompt per result of a picture: one per box, or the points and the mask alone. Throws Error where
  // the picture has none, where points or a mask meet several boxes, and for what lies outside the picture.
  std::vector<PredictPrompt> of(const std::filesystem::path& image, Size size, const SamHq& model) const;
  // Names in the file that are none of these pictures'.
  std::vector<std::string> unused(const std::vector<std::filesystem::path>& images) const;

 private:
  struct Entry {
    std::vector<Box> boxes;
    std::vector<Point> points;
    std::vector<int> labels;
  };
  const Entry& entry_of(const std::filesystem::path& image) const;
  void read_file_of_prompts();

  PromptArguments arguments_;
  Entry common_;
  std::map<std::string, Entry> by_name_;
};

}  // namespace hqsam
