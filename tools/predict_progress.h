// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>

#include "hqsam/core/progress.h"
#include "picture_words.h"
#include "predict_picture.h"
#include "predict_run.h"

namespace hqsam {

// What the lines of a run share: who takes which picture, what became of them, and what is told once. From any thread.
class PredictProgress {
 public:
  PredictProgress(const std::vector<std::filesystem::path>& pictures, const PredictRunOptions& options,
                  int64_t per_prompt, const PromptSource& source)
      : pictures_(pictures),
        options_(options),
        per_prompt_(per_prompt),
        annotations_(options.annotations, pictures, source),
        progress_("predict", std::ssize(pictures)) {}

  int64_t per_prompt() const { return per_prompt_; }  // masks
  PredictAnnotations& annotations() { return annotations_; }

  // The number of a picture that nobody has taken.
  std::optional<size_t> next();
  const std::filesystem::path& path(size_t number) const { return pictures_[number]; }

  // Held by the line that has a large picture, from its decoding to its masks.
  std::mutex& large() { return large_; }

  // What reading did beside copying pixels.
  void tell(const ReadPicture& picture);
  void without_prompts(size_t number);
  void succeed(size_t number, const ReadPicture& picture);
  void fail(size_t number, const std::exception_ptr& failure);
  // After all; ends the annotations. Throws the failure of an only picture.
  PicturesOutcome outcome();

 private:
  const std::vector<std::filesystem::path>& pictures_;
  const PredictRunOptions& options_;
  int64_t per_prompt_;
  std::atomic<size_t> next_ = 0;
  PredictAnnotations annotations_;

  std::mutex large_, mutex_;
  PicturesOutcome done_;
  std::map<size_t, std::string> failed_, without_prompts_;  // by the picture's number
  std::string only_failure_;
  PictureWarnings warnings_;
  bool told_precision_ = false;
  int64_t count_ = 0;
  Progress progress_;
};

}  // namespace hqsam
