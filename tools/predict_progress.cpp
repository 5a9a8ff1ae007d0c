// SPDX-License-Identifier: Apache-2.0
#include "predict_progress.h"

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// "prompt 3: no area; prompt 7: ..."
std::string reasons_of(const PlacedPrompts& prompts) {
  std::vector<std::string> reasons;
  for (const PromptFailure& failure : prompts.failed) {
    reasons.push_back(fmt::format("prompt {}: {}", failure.number, failure.reason));
  }
  return first_few(reasons);
}

}  // namespace

std::optional<size_t> PredictProgress::next() {
  const size_t number = next_++;
  return number < pictures_.size() ? std::optional(number) : std::nullopt;
}

void PredictProgress::tell(const ReadPicture& picture) {
  const std::lock_guard lock(mutex_);
  warnings_.tell(picture.path, picture.notes);
  const std::string path = picture.path.string();
  if (picture.stored && picture.stored->bf16 != options_.bf16 && !std::exchange(told_precision_, true)) {
    spdlog::info("{}: it was encoded in {} (told once)", path, picture.stored->bf16 ? "bf16" : "fp32");
  }
}

void PredictProgress::without_prompts(size_t number) {
  annotations_.pass(number);
  const std::lock_guard lock(mutex_);
  without_prompts_[number] = pictures_[number].string();
  progress_.update(++count_);
}

void PredictProgress::succeed(size_t number, const ReadPicture& picture) {
  const std::lock_guard lock(mutex_);
  ++done_.pictures;
  done_.masks += std::ssize(picture.prompts.placed) * per_prompt_;
  if (!picture.prompts.failed.empty()) {
    const std::string path = picture.path.string();
    const std::string share =
        fmt::format("{} of {} prompts", picture.prompts.failed.size(), picture.stated.prompts.size());
    spdlog::error("{}: {} failed: {}", path, share, reasons_of(picture.prompts));
    failed_[number] = fmt::format("{} ({})", path, share);
  }
  progress_.update(++count_);
}

void PredictProgress::fail(size_t number, const std::exception_ptr& failure) {
  const std::string message = failure_of_picture("predict", pictures_[number], failure);
  annotations_.pass(number);
  const std::lock_guard lock(mutex_);
  progress_.update(++count_);
  if (pictures_.size() == 1) {
    only_failure_ = message;
    return;
  }
  spdlog::error("{}", message);
  failed_[number] = pictures_[number].string();
}

PicturesOutcome PredictProgress::outcome() {
  const std::lock_guard lock(mutex_);
  if (!only_failure_.empty()) throw Error(only_failure_);
  if (done_.pictures > 0) annotations_.finish();
  for (auto& [number, what] : failed_) done_.failed.push_back(std::move(what));
  for (auto& [number, what] : without_prompts_) done_.without_prompts.push_back(std::move(what));
  return std::move(done_);
}

}  // namespace hqsam
