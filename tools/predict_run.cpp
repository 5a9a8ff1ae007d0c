// SPDX-License-Identifier: Apache-2.0
#include "predict_run.h"

#include <deque>
#include <future>

#include "hqsam/core/file.h"
#include "hqsam/core/jobs.h"
#include "hqsam/ops/autocast.h"
#include "predict_picture.h"
#include "predict_progress.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

PredictOptions predict_options(const PredictRunOptions& options) {
  return {.masks = options.masks, .multimask = options.multimask, .keep_logits = options.logits, .packed = true};
}

// Processes pictures in three stages: reading ahead, the model, writing.
class PredictLine {
 public:
  PredictLine(SamHq model, const EmbeddingFiles* files, const PromptSource& source, const PredictRunOptions& options,
              PredictProgress& progress)
      : model_(model),
        predictor_(std::move(model)),
        files_(files),
        source_(source),
        options_(options),
        how_(predict_options(options)),
        progress_(progress),
        behind_(options.threads) {}

  void run() {
    const at::DeviceType device = model_->device().type();
    const Bf16Scope bf16(device, options_.bf16);  // of this thread
    std::vector<Taken> group;
    for (read_ahead(); !ahead_.empty(); read_ahead()) {
      auto taken = take();
      if (taken && taken->picture.large) {
        predict(std::exchange(group, {}));
        predict_large(taken->number);
        continue;
      }
      if (taken) group.push_back(std::move(*taken));
      if (std::ssize(group) == options_.batch) predict(std::exchange(group, {}));
    }
    predict(std::move(group));
    behind_.finish();
  }

 private:
  static constexpr int64_t kLarge = int64_t{1} << 25;  // pixels: 100 MB in RGB, and 134 MB for a mask's logits

  struct Taken {
    size_t number;
    ReadPicture picture;
  };
  struct Ahead {
    size_t number;
    std::future<ReadPicture> picture;
  };

  // One batch of the encoder, and one picture more.
  void read_ahead() {
    while (std::ssize(ahead_) <= options_.batch) {
      const auto number = progress_.next();
      if (!number) return;
      ahead_.push_back({*number, std::async(std::launch::async, [this, number] { return read(*number, kLarge); })});
    }
  }

  // Waits for the next picture; empty if it has no prompts or failed.
  std::optional<Taken> take() {
    Ahead next = std::move(ahead_.front());
    ahead_.pop_front();
    return checked(next.number, [&] { return next.picture.get(); });
  }

  std::optional<Taken> checked(size_t number, const std::function<ReadPicture()>& read) {
    try {
      Taken taken{number, read()};
      if (taken.picture.large) return taken;
      progress_.tell(taken.picture);
      if (!taken.picture.prompts.placed.empty()) return taken;
      progress_.without_prompts(number);
    } catch (...) {
      progress_.fail(number, std::current_exception());
    }
    return std::nullopt;
  }

  void predict_large(size_t number) {
    const std::lock_guard alone(progress_.large());
    auto taken = checked(number, [&] { return read(number, kMaxPixels); });
    if (!taken) return;
    std::vector<Taken> group;
    group.push_back(std::move(*taken));
    predict(std::move(group));
  }

  // Reads a picture, on any thread. The result has no prompts if there are none for it, and only prompts if the picture
  // has more pixels than `most`.
  ReadPicture read(size_t number, int64_t most) const {
    ReadPicture picture;
    picture.path = progress_.path(number);
    picture.stated = source_.of(number);
    if (picture.stated.prompts.empty() && picture.stated.error.empty()) return picture;
    check_result_names(options_.output, picture.path,
                       picture.stated.prompts.size() * static_cast<size_t>(progress_.per_prompt()));
    Image image;
    if (options_.embeddings) {
      picture.stored = files_->read(picture.path.string() + ".safetensors");
      picture.size = picture.stored->embedding.frame.image_size;
    } else {
      const FileBytes file(picture.path);
      const Size stored = picture_header(file.bytes(), picture.path.string()).stored;
      picture.large = stored.height * stored.width > most;
      if (picture.large) return picture;
      image = decode_image(file.bytes(), picture.path.string(), {}, &picture.notes);
      picture.size = image.size();
    }
    picture.prompts = place_prompts(picture.stated, {picture.size, picture.orientation()}, model_->image_size(),
                                    model_->mask_input_size());
    if (picture.stored) return picture;
    picture.input = picture_input(image, Protocol::kKeepAspect, model_->image_size());
    if (options_.png) picture.overlay.emplace(image, picture.prompts.placed.size());
    return picture;
  }

  // Encodes the pictures of a group together, then decodes each one's prompts.
  void predict(std::vector<Taken> group) {
    std::vector<PictureSession> sessions;
    try {
      sessions = encode(group);
    } catch (...) {
      for (const Taken& taken : group) progress_.fail(taken.number, std::current_exception());
      return;
    }
    for (size_t i = 0; i < group.size(); ++i) {
      try {
        predict_one(group[i], std::move(sessions[i]));
      } catch (...) {
        progress_.fail(group[i].number, std::current_exception());
      }
    }
  }

  std::vector<PictureSession> encode(const std::vector<Taken>& group) {
    std::vector<PictureSession> sessions;
    if (options_.embeddings) {
      for (const Taken& taken : group) sessions.emplace_back(model_, taken.picture.stored->embedding);
      return sessions;
    }
    std::vector<const PictureInput*> inputs;
    for (const Taken& taken : group) inputs.push_back(&taken.picture.input);
    return inputs.empty() ? sessions : PictureSession::encode(model_, inputs);
  }

  void predict_one(Taken& taken, PictureSession session) {
    ReadPicture& picture = taken.picture;
    if (!options_.save_embeddings.empty()) {
      const fs::path file = options_.save_embeddings / (picture.path.filename().string() + ".safetensors");
      files_->write(file, {session.embedding(), picture.path.string(), picture.orientation(), options_.bf16});
    }
    predictor_.set_session(std::move(session));
    picture.input = {};
    const ResultsOf of{.folder = options_.output,
                       .picture = picture.path,
                       .image = picture.stored ? picture.stored->picture : picture.path.string(),
                       .size = picture.size,
                       .masks = to_string(options_.masks),
                       .png = options_.png,
                       .per_prompt = progress_.per_prompt(),
                       .logits = options_.logits,
                       .mask_side = model_->mask_input_size()};
    const auto concluded = [this, number = taken.number](const ReadPicture& of_picture, std::exception_ptr failure) {
      failure ? progress_.fail(number, failure) : progress_.succeed(number, of_picture);
    };
    const auto results =
        std::make_shared<PictureResults>(std::move(picture), of, taken.number, progress_.annotations(), concluded);
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
    later(results, [this, results = results.get()] {
      const fs::path file = options_.output / (results->picture().path.stem().string() + "_overlay.jpg");
      results->picture().overlay->write(file, model_->has_hq());
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

  // Draws the overlay: the prompts, and masks of the kinds that were not requested; SAM's own need another pass.
  void show_others(Overlay& overlay, const std::vector<PredictPrompt>& all) {
    const std::vector<PredictPrompt> some(all.begin(), all.begin() + static_cast<int64_t>(overlay.shown()));
    const PictureSession& session = predictor_.session();
    for (const PredictPrompt& prompt : some) {
      const Prompt in_input = prompt_in_input(prompt, session.frame(), model_->mask_input_size());
      overlay.add_prompt(marks_in_image(in_input, session, overlay.size()));
    }
    const MaskKind other = options_.masks == MaskKind::kSam ? MaskKind::kSum : MaskKind::kSam;
    if (other == MaskKind::kSum && !model_->has_hq()) return;
    const Multimask one = options_.multimask == Multimask::kAll ? Multimask::kBest : options_.multimask;
    predictor_.predict(some, {.masks = other, .multimask = one, .keep_logits = false, .keep_mask = false},
                       [&](size_t, int64_t, const Prediction& prediction) { show(overlay, other, prediction); });
  }

  SamHq model_;
  SamPredictor predictor_;
  const EmbeddingFiles* files_;
  const PromptSource& source_;
  const PredictRunOptions& options_;
  PredictOptions how_;
  PredictProgress& progress_;
  std::deque<Ahead> ahead_;
  Jobs behind_;  // declared last, so that its threads end before the members that they write to
};

}  // namespace

int64_t choose_lines(const SamHq& model, int64_t pictures) {
  constexpr int64_t kMostLines = 4, kSmall = 20'000'000;  // parameters of an encoder that leaves threads idle
  if (!model->device().is_cpu()) return 1;
  int64_t parameters = 0;
  for (const auto& parameter : model->image_encoder->parameters()) parameters += parameter.numel();
  if (parameters > kSmall) return 1;
  return std::max<int64_t>(1, std::min({kMostLines, pictures / 2, static_cast<int64_t>(at::get_num_threads())}));
}

PicturesOutcome predict_pictures(SamHq model, const std::vector<fs::path>& pictures, const PromptSource& source,
                                 const PredictRunOptions& options) {
  std::optional<EmbeddingFiles> files;
  if (options.embeddings || !options.save_embeddings.empty()) files.emplace(model);
  if (!options.save_embeddings.empty()) fs::create_directories(options.save_embeddings);
  const int64_t per_prompt =
      masks_per_prompt(options.masks, options.multimask, model->options().mask_decoder.num_multimask_outputs);
  PredictProgress progress(pictures, options, per_prompt, source);
  const auto run = [&] { PredictLine(model, files ? &*files : nullptr, source, options, progress).run(); };
  std::vector<std::future<void>> others;
  for (int64_t i = 1; i < options.lines; ++i) others.push_back(std::async(std::launch::async, run));
  run();
  for (auto& other : others) other.get();
  return progress.outcome();
}

}  // namespace hqsam
