// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// The same few validation samples after each validation, as small pictures in a run's folder:
//   samples/truth_0.jpg               the first sample with its prompt and its truth
//   samples/step_00000050_0.jpg       with the model's mask after 50 steps
//   samples/index.jsonl {"sample":0,"step":50,"kind":"hq","file":..,"set":..,"name":..,"iou":..,"boundary_iou":..}
//                                     a line per picture, percent; truths have no step and no scores
class TrainingSamples {
 public:
  // The first mask that is no crowd and has an inside of `count` pictures, evenly over the sets and within each.
  // Nothing is read yet.
  TrainingSamples(std::filesystem::path run_folder, std::vector<NamedDataset> sets, EvaluateOptions options,
                  int64_t count);

  struct Picture {
    int64_t sample = 0;
    std::string set, name;
    Image image;
  };
  // Runs the model, writes the pictures of this step and returns them, with masks of the options' kind, or of the one
  // named. Samples without such a mask, or whose mask vanishes in the model's frame, are left out. Throws Error for
  // files that cannot be read or written.
  std::vector<Picture> draw(SamHq& model, int64_t step, std::optional<MaskKind> kind = {});

 private:
  struct Choice {
    size_t set = 0;
    int64_t index = 0;
  };
  std::filesystem::path folder_;
  std::vector<NamedDataset> sets_;
  EvaluateOptions options_;
  std::vector<Choice> choices_;
};

// What draw() left in a run's folder.
struct TrainingPicture {
  int64_t sample = 0, step = -1;      // -1: the truth
  std::string file, set, name, kind;  // kind of mask
  double iou = 0, boundary_iou = 0;   // percent
};
// By sample, then step; of two lines of one picture the later one counts, and pictures after last_step (of a run
// that was resumed before them), malformed lines and missing files are left out.
std::vector<TrainingPicture> read_training_pictures(const std::filesystem::path& run_folder, int64_t last_step);

}  // namespace hqsam
