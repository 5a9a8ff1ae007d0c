// SPDX-License-Identifier: Apache-2.0
#include "predict_run.h"

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/predict/place_prompt.h"
#include "predict_overlay.h"
#include "predict_results.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::vector<PredictPrompt> prompts_of(const PlacedPrompts& prompts) {
  std::vector<PredictPrompt> all;
  for (const PlacedPrompt& placed : prompts.placed) all.push_back(placed.prompt);
  return all;
}

// "prompt 3: no area; prompt 7: ..."
std::string reasons_of(const PlacedPrompts& prompts) {
  std::vector<std::string> reasons;
  for (const PromptFailure& failure : prompts.failed) {
    reasons.push_back(fmt::format("prompt {}: {}", failure.number, failure.reason));
  }
  return first_few(reasons);
}

class PictureRun {
 public:
  PictureRun(SamPredictor& predictor, const PromptSource& source, const PredictRunOptions& options)
      : predictor_(predictor), source_(source), options_(options) {}

  // False where the picture has no prompts.
  bool predict(const fs::path& path, size_t number, PredictOutcome& outcome) {
    const StatedPrompts stated = source_.of(number);
    if (stated.prompts.empty() && stated.error.empty()) return false;
    const PredictOptions how{
        .masks = options_.masks, .multimask = options_.multimask, .keep_logits = options_.logits, .packed = true};
    const int64_t per_prompt = predictor_.masks_per_prompt(how);
    check_result_names(options_.output, path, stated.prompts.size() * static_cast<size_t>(per_prompt));
    PictureNotes notes;
    Image image = read_image(path, {}, &notes);
    tell(path, notes);
    const auto& model = predictor_.model();
    const PlacedPrompts prompts =
        place_prompts(stated, {image.size(), notes.orientation}, model->image_size(), model->mask_input_size());
    predictor_.set_image(image);
    const std::vector<PredictPrompt> all = prompts_of(prompts);
    Overlay overlay(image, all.size());
    const Size size = image.size();
    image = {};
    ResultWriter writer(
        {options_.output, path, size, to_string(options_.masks), per_prompt, options_.logits, model->mask_input_size()},
        stated, prompts, options_.threads);
    predictor_.predict(all, how, [&](size_t prompt, int64_t rank, Prediction prediction) {
      if (rank == 0 && prompt < overlay.shown()) show(overlay, options_.masks, prediction);
      writer.add(prompt, rank, std::move(prediction));
    });
    show_others(overlay, all);
    overlay.write(options_.output / (path.stem().string() + "_overlay.jpg"), model->has_hq());
    writer.finish();
    outcome.masks += static_cast<int64_t>(all.size()) * per_prompt;
    if (!prompts.failed.empty()) {
      const std::string share = fmt::format("{} of {} prompts", prompts.failed.size(), stated.prompts.size());
      spdlog::error("{}: {} failed: {}", path.string(), share, reasons_of(prompts));
      outcome.failed.push_back(fmt::format("{} ({})", path.string(), share));
    }
    return true;
  }

 private:
  // What reading did beside copying pixels; what all pictures of a kind share is told once.
  void tell(const fs::path& path, const PictureNotes& notes) {
    if (!notes.warning.empty()) spdlog::warn("{}: {}", path.string(), notes.warning);
    if (notes.stretched && !told_range_) {
      spdlog::warn("{}: samples from {} to {} became 0 to 255 (told once)", path.string(), notes.low, notes.high);
      told_range_ = true;
    }
    if (notes.bands > 0 && !told_bands_) {
      spdlog::warn("{}: the first bands of {} are shown (told once)", path.string(), notes.bands);
      told_bands_ = true;
    }
  }

  void show(Overlay& overlay, MaskKind kind, const Prediction& prediction) const {
    const Mask mask = predictor_.mask_at(prediction.low_res_logits, overlay.size());
    kind == MaskKind::kSam ? overlay.add_sam(mask) : overlay.add_hq(mask);
  }

  // The prompts, and the masks that were not asked for: SAM's own need a pass of their own.
  void show_others(Overlay& overlay, const std::vector<PredictPrompt>& all) {
    const std::vector<PredictPrompt> some(all.begin(), all.begin() + static_cast<int64_t>(overlay.shown()));
    for (const PredictPrompt& prompt : some) overlay.add_prompt(prompt, predictor_);
    const MaskKind other = options_.masks == MaskKind::kSam ? MaskKind::kSum : MaskKind::kSam;
    if (other == MaskKind::kSum && !predictor_.model()->has_hq()) return;
    const Multimask one = options_.multimask == Multimask::kAll ? Multimask::kBest : options_.multimask;
    predictor_.predict(some, {.masks = other, .multimask = one, .keep_logits = false, .keep_mask = false},
                       [&](size_t, int64_t, const Prediction& prediction) { show(overlay, other, prediction); });
  }

  SamPredictor& predictor_;
  const PromptSource& source_;
  const PredictRunOptions& options_;
  bool told_range_ = false, told_bands_ = false;
};

// The message of a failure with its picture, once.
std::string with_picture(const fs::path& path, const std::string& message) {
  if (message.find(path.string()) != std::string::npos) return message;
  return fmt::format("[predict] {}: {}", path.string(), reason_of(message));
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

PredictOutcome predict_pictures(SamPredictor& predictor, const std::vector<fs::path>& pictures,
                                const PromptSource& source, const PredictRunOptions& options) {
  PictureRun run(predictor, source, options);
  PredictOutcome outcome;
  Progress progress("predict", static_cast<int64_t>(pictures.size()));
  for (size_t i = 0; i < pictures.size(); ++i) {
    const std::string path = pictures[i].string();
    try {
      if (run.predict(pictures[i], i, outcome)) {
        ++outcome.pictures;
      } else {
        outcome.without_prompts.push_back(path);
      }
    } catch (const std::exception& error) {  // libtorch's too, such as a lack of memory
      const std::string message = with_picture(pictures[i], first_line(error.what()));
      if (pictures.size() == 1) throw Error(message);
      spdlog::error("{}", message);
      outcome.failed.push_back(path);
    }
    progress.update(static_cast<int64_t>(i) + 1);
  }
  return outcome;
}

}  // namespace hqsam
