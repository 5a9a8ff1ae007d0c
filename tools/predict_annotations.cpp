// SPDX-License-Identifier: Apache-2.0
#include "predict_annotations.h"

#include "hqsam/core/error.h"

namespace hqsam {
namespace fs = std::filesystem;

PredictAnnotations::PredictAnnotations(const PredictAnnotationsOptions& options, const std::vector<fs::path>& pictures,
                                       const PromptSource& source)
    : outputs_(options.output, options.files, pictures, source.counts_classes() || !options.classes.empty()),
      classes_(options.classes),
      numbers_(source.numbers_of_texts()),
      image_ids_(source.has_image_ids()),
      ids_(source.has_unique_ids()) {}

std::string PredictAnnotations::name_of(int64_t category) const {
  if (classes_.empty()) return std::to_string(category);
  if (category >= 0 && category < std::ssize(classes_)) return classes_[static_cast<size_t>(category)];
  fail("predict", "a prompt has the category {}, and --classes names 0 to {}", category, classes_.size() - 1);
}

MaskInfo PredictAnnotations::info_of(const StatedPrompt& prompt) const {
  MaskInfo info;
  info.category_name = prompt.category_name;
  if (const auto* text = std::get_if<std::string>(&prompt.category)) {
    info.category = numbers_.at(*text);
    info.category_name = *text;
  } else if (const auto* number = std::get_if<int64_t>(&prompt.category)) {
    info.category = *number;
    if (info.category_name.empty()) info.category_name = name_of(*number);
  } else if (classes_.size() == 1) {
    info.category_name = classes_.front();
  } else if (!classes_.empty()) {
    fail("predict", "a prompt has no category, and --classes names {}: name one, or give the prompts' categories",
         classes_.size());
  } else if (numbers_.contains("object")) {
    info.category = numbers_.at("object");
    info.category_name = "object";
  }
  return info;
}

PictureToWrite PredictAnnotations::picture_to_write(size_t number, const StatedPrompts& stated,
                                                    const PlacedPrompts& prompts,
                                                    const PredictedMasks& predicted) const {
  PictureToWrite picture{.name = outputs_.name(number), .size = predicted.size};
  if (image_ids_) picture.id = stated.image_id;
  const size_t per_prompt = predicted.masks.size() / prompts.placed.size();
  for (size_t i = 0; i < predicted.masks.size(); ++i) {
    const StatedPrompt& prompt = stated.prompts[prompts.placed[i / per_prompt].number];
    MaskToWrite mask{.rle = predicted.masks[i], .info = info_of(prompt)};
    mask.score = prompt.score.value_or(predicted.scores[i]);
    const auto* id = std::get_if<int64_t>(&prompt.id);
    if (ids_ && per_prompt == 1 && id != nullptr) mask.id = *id;
    picture.masks.push_back(std::move(mask));
  }
  return picture;
}

void PredictAnnotations::add(size_t number, const StatedPrompts& stated, const PlacedPrompts& prompts,
                             const PredictedMasks& predicted) {
  if (!any()) return;
  PictureToWrite picture = picture_to_write(number, stated, prompts, predicted);
  std::vector<PreparedPicture> prepared = outputs_.prepare(picture, predicted.picture);
  for (const PreparedPicture& each : prepared) each.write_files();
  turns_.take(static_cast<int64_t>(number), [prepared = std::move(prepared)] {
    for (const PreparedPicture& each : prepared) {
      if (each.commit) each.commit();
    }
  });
}

void PredictAnnotations::pass(size_t number) {
  if (any()) turns_.take(static_cast<int64_t>(number), {});
}

}  // namespace hqsam
