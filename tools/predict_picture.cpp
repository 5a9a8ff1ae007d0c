// SPDX-License-Identifier: Apache-2.0
#include "predict_picture.h"

namespace hqsam {

std::vector<PredictPrompt> ReadPicture::placed() const {
  std::vector<PredictPrompt> all;
  for (const PlacedPrompt& prompt : prompts.placed) all.push_back(prompt.prompt);
  return all;
}

void PictureResults::attempt(const std::function<void()>& work) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
  }
  try {
    work();
  } catch (...) {
    fail_with(std::current_exception());
  }
}

void PictureResults::fail_with(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(failure);
}

void PictureResults::conclude() {
  attempt([this] {
    annotations_.add(number_, picture_.stated, picture_.prompts, writer_.predicted());
    writer_.finish();
  });
  concluded_(picture_, failure_);
}

}  // namespace hqsam
