// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "annotation_outputs.h"
#include "hqsam/core/turns.h"
#include "hqsam/predict/place_prompt.h"
#include "hqsam/predict/prompt_source.h"

namespace hqsam {

struct PredictAnnotationsOptions {
  AnnotationOutputOptions files;
  std::filesystem::path output;
  std::vector<std::string> classes;  // names of the prompts' categories 0, 1, ...
};

// One picture's masks, in the order of its prompts and of the masks of each.
struct PredictedMasks {
  std::string picture;  // its path
  Size size;
  std::vector<Rle> masks;
  std::vector<double> scores;  // the predicted IoUs
};

// The masks of a run's pictures as files of annotation formats: COCO's JSON of all of them, YOLO's and LabelMe's for
// each. A prompt's category is the mask's; a score that the prompt has stands before the predicted IoU, as evaluate
// takes them. Pictures and annotations keep COCO's ids where all prompts come with some.
class PredictAnnotations {
 public:
  // pictures and source must outlive it. Throws Error for options that do not fit.
  PredictAnnotations(const PredictAnnotationsOptions& options, const std::vector<std::filesystem::path>& pictures,
                     const PromptSource& source);

  bool any() const { return outputs_.any(); }
  // Each picture's number once, from any thread, with masks or without. add throws Error where a format cannot hold the
  // picture, and nothing of it is written then: pass() it.
  void add(size_t number, const StatedPrompts& stated, const PlacedPrompts& prompts, const PredictedMasks& predicted);
  void pass(size_t number);
  void finish() { outputs_.finish(); }

 private:
  std::string name_of(int64_t category) const;
  MaskInfo info_of(const StatedPrompt& prompt) const;
  PictureToWrite picture_to_write(size_t number, const StatedPrompts& stated, const PlacedPrompts& prompts,
                                  const PredictedMasks& predicted) const;

  AnnotationOutputs outputs_;
  std::vector<std::string> classes_;
  std::map<std::string, int64_t> numbers_;  // of categories that are texts
  bool image_ids_, ids_;
  Turns turns_;
};

}  // namespace hqsam
