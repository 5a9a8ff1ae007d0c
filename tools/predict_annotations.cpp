// SPDX-License-Identifier: Apache-2.0
#include "predict_annotations.h"

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/output_names.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

WriterOptions writer_options(const PredictAnnotationsOptions& options, AnnotationFormat format,
                             const PromptSource& source) {
  const bool coco = format == AnnotationFormat::kCoco;
  WriterOptions writer{.format = format, .folder = options.output / word_of(format, kAnnotationFormats)};
  writer.polygons = coco && (options.polygons || options.simplify > 0);
  writer.simplify = options.simplify;
  writer.keep_numbers = format == AnnotationFormat::kYolo && (source.counts_classes() || !options.classes.empty());
  return writer;
}

}  // namespace

PredictAnnotations::PredictAnnotations(const PredictAnnotationsOptions& options, const std::vector<fs::path>& pictures,
                                       const PromptSource& source)
    : classes_(options.classes),
      numbers_(source.numbers_of_texts()),
      image_ids_(source.has_image_ids()),
      ids_(source.has_unique_ids()) {
  for (const AnnotationFormat format : options.formats) {
    const WriterOptions writer = writer_options(options, format, source);
    outputs_.push_back({word_of(format, kAnnotationFormats), writer.folder, make_annotation_writer(writer)});
    outputs_.back().writer->begin_set({});
  }
  if (!any()) return;
  std::vector<std::string> paths;
  for (const fs::path& picture : pictures) paths.push_back(picture.string());
  names_ = output_names(paths);
}

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
  PictureToWrite picture{.name = names_[number], .size = predicted.size};
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
  std::vector<PreparedPicture> prepared;
  for (const Output& output : outputs_) {
    const fs::path folder = (output.folder / picture.name).parent_path();  // LabelMe's JSONs lie as the pictures do
    picture.path = fs::absolute(predicted.picture).lexically_relative(fs::absolute(folder)).generic_string();
    prepared.push_back(output.writer->prepare(picture));
  }
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

void PredictAnnotations::finish() {
  for (const Output& output : outputs_) {
    output.writer->finish();
    const std::string losses = output.writer->losses();
    if (!losses.empty()) spdlog::warn("{} cannot keep: {}", output.format, losses);
    const std::vector<std::string> others = untouched_since(start_, output.folder);
    if (others.empty()) continue;
    spdlog::warn("{} files in {} are of earlier runs, and readers may take them for a part of this one: {}",
                 others.size(), output.folder.string(), first_few(others));
  }
}

}  // namespace hqsam
