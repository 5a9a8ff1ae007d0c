// SPDX-License-Identifier: Apache-2.0
#include "amg_run.h"

#include <future>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/text.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/predict/place_prompt.h"
#include "picture_words.h"
#include "predict_results.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

struct ReadPicture {
  Image image;
  PictureNotes notes;
};

class AmgRun {
 public:
  AmgRun(SamHq model, const std::vector<fs::path>& pictures, const AmgRunOptions& options)
      : model_(model),
        generator_(std::move(model), options.amg),
        pictures_(pictures),
        options_(options),
        results_(options.output, pictures),
        progress_("amg", std::ssize(pictures)) {}

  PicturesOutcome run() {
    const Bf16Scope bf16(model_->device().type(), options_.bf16);
    std::future<ReadPicture> next = read_later(0);
    for (size_t number = 0; number < pictures_.size(); ++number) {
      std::future<ReadPicture> own = std::move(next);
      try {
        const ReadPicture picture = own.get();
        next = read_later(number + 1);
        warnings_.tell(pictures_[number], picture.notes);
        find(number, picture);
      } catch (...) {
        fail(number, std::current_exception());
        if (!next.valid()) next = read_later(number + 1);
      }
      progress_.update(static_cast<int64_t>(number) + 1);
    }
    wait_for_files();
    if (outcome_.pictures > 0) results_.finish();
    return std::move(outcome_);
  }

 private:
  std::future<ReadPicture> read_later(size_t number) const {
    if (number >= pictures_.size()) return {};
    return std::async(std::launch::async, [this, number] {
      ReadPicture picture;
      picture.image = read_image(pictures_[number], {}, &picture.notes);
      return picture;
    });
  }

  void find(size_t number, const ReadPicture& picture) {
    const fs::path& path = pictures_[number];
    check_result_names(options_.output.folder, path, kMostMasks);
    AmgPicture found{.path = path, .size = picture.image.size()};
    if (options_.boxes) {
      const std::vector<Box> boxes = boxes_of(number, picture);
      if (boxes.empty()) return;
      found.masks = generator_.of_boxes(picture.image, boxes);
    } else {
      found.masks = generator_.generate(picture.image);
    }
    found.small = overlay_picture(picture.image);
    wait_for_files();
    writing_number_ = number;
    writing_ = std::async(std::launch::async, [this, number, found = std::move(found)] {
      results_.write(number, found);
      return std::ssize(found.masks);
    });
  }

  std::vector<Box> boxes_of(size_t number, const ReadPicture& picture) {
    const StatedPrompts stated = options_.boxes->of(number);
    if (stated.prompts.empty() && stated.error.empty()) {
      outcome_.without_prompts.push_back(pictures_[number].string());
      return {};
    }
    const PlacedPrompts placed = place_prompts(stated, {picture.image.size(), picture.notes.orientation},
                                               model_->image_size(), model_->mask_input_size());
    std::vector<Box> boxes;
    std::vector<std::string> reasons;
    for (const PlacedPrompt& prompt : placed.placed) {
      if (prompt.prompt.box) {
        boxes.push_back(*prompt.prompt.box);
      } else {
        reasons.push_back(fmt::format("prompt {} has no box", prompt.number));
      }
    }
    for (const PromptFailure& failure : placed.failed) {
      reasons.push_back(fmt::format("prompt {}: {}", failure.number, failure.reason));
    }
    if (reasons.empty()) return boxes;
    const std::string path = pictures_[number].string();
    const std::string share = fmt::format("{} of {} boxes", reasons.size(), stated.prompts.size());
    if (boxes.empty()) hqsam::fail("amg", "{}: {} failed: {}", path, share, first_few(reasons));
    spdlog::error("{}: {} failed: {}", path, share, first_few(reasons));
    outcome_.failed.push_back(fmt::format("{} ({})", path, share));
    return boxes;
  }

  void wait_for_files() {
    if (!writing_.valid()) return;
    try {
      outcome_.masks += writing_.get();
      ++outcome_.pictures;
    } catch (...) {
      fail(writing_number_, std::current_exception());
    }
  }

  void fail(size_t number, const std::exception_ptr& failure) {
    const std::string message = failure_of_picture("amg", pictures_[number], failure);
    if (pictures_.size() == 1) throw Error(message);
    spdlog::error("{}", message);
    outcome_.failed.push_back(pictures_[number].string());
  }

  static constexpr size_t kMostMasks = 65535;  // that the label PNG can number

  SamHq model_;
  AutomaticMaskGenerator generator_;
  const std::vector<fs::path>& pictures_;
  const AmgRunOptions& options_;
  AmgResults results_;
  PictureWarnings warnings_;
  PicturesOutcome outcome_;
  Progress progress_;
  size_t writing_number_ = 0;
  std::future<int64_t> writing_;  // the last one's files; declared last, so that it ends before what it writes to
};

}  // namespace

PicturesOutcome find_everything(SamHq model, const std::vector<fs::path>& pictures, const AmgRunOptions& options) {
  return AmgRun(std::move(model), pictures, options).run();
}

}  // namespace hqsam
