// SPDX-License-Identifier: Apache-2.0
#include "predict_run.h"

#include <deque>
#include <future>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/jobs.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/text.h"
#include "predict_picture.h"

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

// The message of a failure with its picture, once.
std::string with_picture(const fs::path& path, const std::string& message) {
  const std::string line = message.substr(0, message.find('\n'));  // libtorch's have more
  if (line.find(path.string()) != std::string::npos) return line;
  return fmt::format("[predict] {}: {}", path.string(), reason_of(line));
}

std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {  // libtorch's too, such as a lack of memory
    return error.what();
  }
}

// Pictures in line: read ahead, the model, written behind.
class PredictLine {
 public:
  PredictLine(SamPredictor& predictor, const std::vector<fs::path>& pictures, const PromptSource& source,
              const PredictRunOptions& options)
      : predictor_(predictor),
        pictures_(pictures),
        source_(source),
        options_(options),
        how_{.masks = options.masks, .multimask = options.multimask, .keep_logits = options.logits, .packed = true},
        per_prompt_(predictor.masks_per_prompt(how_)),
        progress_("predict", std::ssize(pictures)),
        behind_(options.threads) {
    if (options.embeddings || !options.save_embeddings.empty()) files_.emplace(predictor.model());
  }

  PredictOutcome run() {
    std::vector<Taken> group;
    for (size_t number = 0; number < pictures_.size(); ++number) {
      if (auto picture = take(number)) group.push_back({number, std::move(*picture)});
      if (std::ssize(group) < options_.batch && number + 1 < pictures_.size()) continue;
      predict(std::move(group));
      group.clear();
    }
    behind_.finish();
    return outcome();
  }

 private:
  struct Taken {
    size_t number;
    ReadPicture picture;
  };

  // Reads further ones and waits for this. Nothing where it has no prompts or failed.
  std::optional<ReadPicture> take(size_t number) {
    const auto most = static_cast<size_t>(options_.batch) + 1;
    while (started_ < pictures_.size() && ahead_.size() < most) {
      ahead_.push_back(std::async(std::launch::async, [this, number = started_++] { return read(number); }));
    }
    auto next = std::move(ahead_.front());
    ahead_.pop_front();
    try {
      ReadPicture picture = next.get();
      if (picture.prompts.placed.empty()) {
        without_prompts_.push_back(pictures_[number].string());
        count();
        return std::nullopt;
      }
      tell(picture);
      return picture;
    } catch (...) {
      fail_picture(number, std::current_exception());
      return std::nullopt;
    }
  }

  // On a thread of its own; without prompts where there are none for it.
  ReadPicture read(size_t number) const {
    ReadPicture picture;
    picture.path = pictures_[number];
    picture.stated = source_.of(number);
    if (picture.stated.prompts.empty() && picture.stated.error.empty()) return picture;
    check_result_names(options_.output, picture.path, picture.stated.prompts.size() * static_cast<size_t>(per_prompt_));
    const auto& model = predictor_.model();
    Image image;
    if (options_.embeddings) {
      picture.stored = files_->read(picture.path.string() + ".safetensors");
      picture.size = picture.stored->embedding.frame.image_size;
    } else {
      image = read_image(picture.path, {}, &picture.notes);
      picture.size = image.size();
    }
    picture.prompts = place_prompts(picture.stated, {picture.size, picture.orientation()}, model->image_size(),
                                    model->mask_input_size());
    if (picture.stored) return picture;
    picture.input = picture_input(image, Protocol::kKeepAspect, model->image_size());
    picture.overlay.emplace(image, picture.prompts.placed.size());
    return picture;
  }

  // What reading did beside copying pixels; what all pictures of a kind share is told once.
  void tell(const ReadPicture& picture) {
    const PictureNotes& notes = picture.notes;
    const std::string path = picture.path.string();
    if (!notes.warning.empty()) spdlog::warn("{}: {}", path, notes.warning);
    if (notes.stretched && !std::exchange(told_range_, true)) {
      spdlog::warn("{}: samples from {} to {} became 0 to 255 (told once)", path, notes.low, notes.high);
    }
    if (notes.bands > 0 && !std::exchange(told_bands_, true)) {
      spdlog::warn("{}: the first bands of {} are shown (told once)", path, notes.bands);
    }
    if (picture.stored && picture.stored->bf16 != options_.bf16 && !std::exchange(told_precision_, true)) {
      spdlog::info("{}: it was encoded in {} (told once)", path, picture.stored->bf16 ? "bf16" : "fp32");
    }
  }

  // The pictures of a group through the encoder together, then each one's prompts.
  void predict(std::vector<Taken> group) {
    std::vector<PictureSession> sessions;
    try {
      sessions = encode(group);
    } catch (...) {
      for (const Taken& taken : group) fail_picture(taken.number, std::current_exception());
      return;
    }
    for (size_t i = 0; i < group.size(); ++i) {
      try {
        predict_one(group[i], std::move(sessions[i]));
      } catch (...) {
        fail_picture(group[i].number, std::current_exception());
      }
    }
  }

  std::vector<PictureSession> encode(const std::vector<Taken>& group) {
    std::vector<PictureSession> sessions;
    if (options_.embeddings) {
      for (const Taken& taken : group) sessions.emplace_back(predictor_.model(), taken.picture.stored->embedding);
      return sessions;
    }
    std::vector<const PictureInput*> inputs;
    for (const Taken& taken : group) inputs.push_back(&taken.picture.input);
    return inputs.empty() ? sessions : PictureSession::encode(predictor_.model(), inputs);
  }

  void predict_one(Taken& taken, PictureSession session) {
    if (!options_.save_embeddings.empty()) {
      const fs::path file = options_.save_embeddings / (taken.picture.path.filename().string() + ".safetensors");
      files_->write(file,
                    {session.embedding(), taken.picture.path.string(), taken.picture.orientation(), options_.bf16});
    }
    predictor_.set_session(std::move(session));
    taken.picture.input = {};
    const ResultsOf of{.folder = options_.output,
                       .picture = taken.picture.path,
                       .image = taken.picture.stored ? taken.picture.stored->picture : taken.picture.path.string(),
                       .size = taken.picture.size,
                       .masks = to_string(options_.masks),
                       .per_prompt = per_prompt_,
                       .logits = options_.logits,
                       .mask_side = predictor_.model()->mask_input_size()};
    const auto results = std::make_shared<PictureResults>(
        std::move(taken.picture), of,
        [this, number = taken.number](const ReadPicture& picture, std::exception_ptr failure) {
          failure ? fail_picture(number, failure) : succeed(number, picture);
        });
    results->attempt([&] { run_prompts(results); });
    results->done();
  }

  void run_prompts(const std::shared_ptr<PictureResults>& results) {
    ReadPicture& picture = results->picture();
    const std::vector<PredictPrompt> all = picture.placed();
    predictor_.predict(all, how_, [&](size_t prompt, int64_t rank, Prediction prediction) {
      if (picture.overlay && rank == 0 && prompt < picture.overlay->shown()) {
        show(*picture.overlay, options_.masks, prediction);
      }
      ResultWriter& writer = results->writer();
      const size_t result = writer.result_of(prompt, rank);
      if (options_.logits) writer.keep_logits(result, prediction);
      const auto mask = std::make_shared<const PackedMask>(std::move(prediction.packed));
      later(results, [&writer, result, mask, score = prediction.score] { writer.write_mask(result, *mask, score); });
    });
    if (!picture.overlay) return;
    show_others(*picture.overlay, all);
    later(results, [this, results] {
      const fs::path file = options_.output / (results->picture().path.stem().string() + "_overlay.jpg");
      results->picture().overlay->write(file, predictor_.model()->has_hq());
      results->picture().overlay.reset();
    });
  }

  void later(const std::shared_ptr<PictureResults>& results, std::function<void()> work) {
    results->expect();
    behind_.add([results, work = std::move(work)] {
      results->attempt(work);
      results->done();
    });
  }

  void show(Overlay& overlay, MaskKind kind, const Prediction& prediction) const {
    const Mask mask = predictor_.mask_at(prediction.low_res_logits, overlay.size());
    kind == MaskKind::kSam ? overlay.add_sam(mask) : overlay.add_hq(mask);
  }

  // The prompts, and the masks that were not asked for: SAM's own need a pass of their own.
  void show_others(Overlay& overlay, const std::vector<PredictPrompt>& all) {
    const std::vector<PredictPrompt> some(all.begin(), all.begin() + static_cast<int64_t>(overlay.shown()));
    const PictureSession& session = predictor_.session();
    for (const PredictPrompt& prompt : some) {
      const Prompt in_input = prompt_in_input(prompt, session.frame(), predictor_.model()->mask_input_size());
      overlay.add_prompt(marks_in_image(in_input, session, overlay.size()));
    }
    const MaskKind other = options_.masks == MaskKind::kSam ? MaskKind::kSum : MaskKind::kSam;
    if (other == MaskKind::kSum && !predictor_.model()->has_hq()) return;
    const Multimask one = options_.multimask == Multimask::kAll ? Multimask::kBest : options_.multimask;
    predictor_.predict(some, {.masks = other, .multimask = one, .keep_logits = false, .keep_mask = false},
                       [&](size_t, int64_t, const Prediction& prediction) { show(overlay, other, prediction); });
  }

  void succeed(size_t number, const ReadPicture& picture) {
    const std::string path = picture.path.string();
    if (!picture.prompts.failed.empty()) {
      const std::string share =
          fmt::format("{} of {} prompts", picture.prompts.failed.size(), picture.stated.prompts.size());
      spdlog::error("{}: {} failed: {}", path, share, reasons_of(picture.prompts));
      const std::lock_guard lock(mutex_);
      failed_[number] = fmt::format("{} ({})", path, share);
    }
    const std::lock_guard lock(mutex_);
    ++done_.pictures;
    done_.masks += std::ssize(picture.prompts.placed) * per_prompt_;
    progress_.update(++count_);
  }

  void fail_picture(size_t number, const std::exception_ptr& failure) {
    const std::string message = with_picture(pictures_[number], message_of(failure));
    if (pictures_.size() == 1) {
      only_failure_ = message;
      return;
    }
    spdlog::error("{}", message);
    const std::lock_guard lock(mutex_);
    failed_[number] = pictures_[number].string();
    progress_.update(++count_);
  }

  void count() {
    const std::lock_guard lock(mutex_);
    progress_.update(++count_);
  }

  PredictOutcome outcome() {
    if (!only_failure_.empty()) throw Error(only_failure_);
    for (auto& [number, what] : failed_) done_.failed.push_back(std::move(what));
    done_.without_prompts = std::move(without_prompts_);
    return std::move(done_);
  }

  SamPredictor& predictor_;
  const std::vector<fs::path>& pictures_;
  const PromptSource& source_;
  const PredictRunOptions& options_;
  PredictOptions how_;
  int64_t per_prompt_;
  std::optional<EmbeddingFiles> files_;
  bool told_range_ = false, told_bands_ = false, told_precision_ = false;
  std::vector<std::string> without_prompts_;

  std::mutex mutex_;
  PredictOutcome done_;
  std::map<size_t, std::string> failed_;  // by the picture's number
  std::string only_failure_;
  int64_t count_ = 0;
  Progress progress_;

  size_t started_ = 0;
  std::deque<std::future<ReadPicture>> ahead_;
  Jobs behind_;  // last: its threads are gone before what they write to
};

}  // namespace

PredictOutcome predict_pictures(SamPredictor& predictor, const std::vector<fs::path>& pictures,
                                const PromptSource& source, const PredictRunOptions& options) {
  return PredictLine(predictor, pictures, source, options).run();
}

}  // namespace hqsam
