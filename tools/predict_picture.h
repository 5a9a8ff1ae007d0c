// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "hqsam/image/codec.h"
#include "hqsam/predict/embedding_file.h"
#include "hqsam/predict/place_prompt.h"
#include "predict_overlay.h"
#include "predict_results.h"

namespace hqsam {

// A picture that was read: its prompts, and itself ready for the model or encoded before.
struct ReadPicture {
  std::filesystem::path path;
  bool large = false;  // so that it was not decoded: one such picture at a time
  StatedPrompts stated;
  PlacedPrompts prompts;
  PictureNotes notes;
  Size size;
  PictureInput input;
  std::optional<StoredEmbedding> stored;
  std::optional<Overlay> overlay;  // of what was stored there is none

  std::vector<PredictPrompt> placed() const;
  int orientation() const { return stored ? stored->orientation : notes.orientation; }
};

// A picture's results on the way to the disk: several threads write masks, and whoever is done last concludes. A
// failure is kept for the conclusion.
class PictureResults {
 public:
  // concluded takes the failure, or null, once, on any thread.
  using Concluded = std::function<void(const ReadPicture& picture, std::exception_ptr failure)>;
  PictureResults(ReadPicture picture, const ResultsOf& of, size_t number, PredictAnnotations& annotations,
                 Concluded concluded)
      : picture_(std::move(picture)),
        number_(number),
        annotations_(annotations),
        concluded_(std::move(concluded)),
        writer_(of, picture_.stated, picture_.prompts, annotations.any()) {}

  ReadPicture& picture() { return picture_; }
  ResultWriter& writer() { return writer_; }
  // One piece of work more; each is ended by one done(). There is one from the beginning.
  void expect() { ++left_; }
  void done() {
    if (--left_ == 0) conclude();
  }
  // Runs the work unless an earlier one failed.
  void attempt(const std::function<void()>& work);
  void fail_with(std::exception_ptr failure);

 private:
  void conclude();

  ReadPicture picture_;
  size_t number_;
  PredictAnnotations& annotations_;
  Concluded concluded_;
  std::atomic<int64_t> left_ = 1;
  std::mutex mutex_;
  std::exception_ptr failure_;
  ResultWriter writer_;
};

}  // namespace hqsam
