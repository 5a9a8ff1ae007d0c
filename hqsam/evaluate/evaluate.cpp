// SPDX-License-Identifier: Apache-2.0
#include "hqsam/evaluate/evaluate.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <future>
#include <set>

#include "hqsam/core/bounds.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/jobs.h"
#include "hqsam/core/log.h"
#include "hqsam/core/progress.h"
#include "hqsam/core/text.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/data/output_names.h"
#include "hqsam/evaluate/measure.h"
#include "hqsam/evaluate/proposals.h"
#include "hqsam/evaluate/runs.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

constexpr const char* kEvaluate = "evaluate";

template <class T>
struct Timed {
  T value;
  double seconds;
};

template <class Work>
auto timed(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  auto value = work();
  return Timed<decltype(value)>{std::move(value), seconds_since(start)};
}

// Processes one rank's pictures of one set in three stages: decoding ahead, one picture for each worker; the model;
// measuring, mask by mask on as many threads.
class SetLine {
 public:
  // A result per picture for each of the options.
  using Results = std::vector<std::vector<PictureResult>>;

  SetLine(SamHq& model, const NamedDataset& set, const std::vector<EvaluateOptions>& options,
          std::vector<int64_t> indices, StationSeconds& seconds)
      : model_(model),
        set_(set),
        options_(options),
        indices_(std::move(indices)),
        seconds_(seconds),
        results_(options.size(), std::vector<PictureResult>(indices_.size())),
        names_(names_to_save(set, options)),
        behind_(static_cast<size_t>(options.front().workers), kMostWaiting) {}

  Results run(Progress* progress) {
    const auto room = static_cast<size_t>(std::max<int64_t>(options_.front().workers, 1));
    size_t started = 0;
    const auto prepare_ahead = [&] {
      while (started < indices_.size() && ahead_.size() < room) prepare(indices_[started++]);
    };
    prepare_ahead();
    std::vector<Waiting> group;
    for (size_t i = 0; i < indices_.size(); ++i) {
      Prepared prepared = take_prepared();
      prepare_ahead();
      if (!prepared.unread.empty()) {
        for (auto& of_prompt : results_) of_prompt[i].unread = prepared.unread;
      } else if (prepared.samples.front().picture.pixels_in_input.defined()) {
        group.push_back({i, std::move(prepared.samples)});
      } else {  // the picture has no prompts
        run_prompts({i, std::move(prepared.samples)}, nullptr);
      }
      if (std::ssize(group) == options_.front().batch || i + 1 == indices_.size()) run_model(group);
      if (progress) progress->update(static_cast<int64_t>(i) + 1);
    }
    behind_.finish();
    seconds_.measure += measured_;
    return std::move(results_);
  }

 private:
  static constexpr int64_t kMostWaiting = int64_t{1} << 26;  // bytes of masks to measure

  struct Prepared {
    std::vector<PreparedSample> samples;  // of the options
    std::string unread;                   // why the picture cannot be read; "" if it was read
  };

  // One picture under one of the options; the thread that finishes last completes its result.
  struct Picture {
    Picture(PreparedSample prepared, const EvaluateOptions& options)
        : sample(std::move(prepared)), measure(sample, options) {}
    void done(PictureResult& result) {
      if (--left == 0) result = measure.conclude();
    }
    const PreparedSample sample;
    PictureMeasure measure;
    std::atomic<int64_t> left = 1;
  };

  // A picture that waits to be encoded with others.
  struct Waiting {
    size_t number;  // among the indices
    std::vector<PreparedSample> samples;
  };

  Prepared take_prepared() {
    Timed<Prepared> done = ahead_.front().get();
    ahead_.pop_front();
    seconds_.decode += done.seconds;
    return std::move(done.value);
  }

  void prepare(int64_t index) {
    // Without workers the work is done when its result is asked for.
    const auto policy = options_.front().workers > 0 ? std::launch::async : std::launch::deferred;
    ahead_.push_back(std::async(policy, [this, index, sizes = sizes_of(model_)] {
      return timed([&] {
        Prepared prepared;
        std::optional<Sample> sample = read_sample(*set_.dataset, index, options_.front().on_error, prepared.unread);
        if (!sample) return prepared;
        sample->set = set_.name;
        prepared.samples = prepare_prompts(*sample, index, options_, sizes);
        return prepared;
      });
    }));
  }

  // Of the set's pictures, where masks are saved.
  static std::vector<std::string> names_to_save(const NamedDataset& set, const std::vector<EvaluateOptions>& options) {
    if (std::all_of(options.begin(), options.end(), [](const auto& one) { return one.save_masks.empty(); })) return {};
    std::vector<std::string> paths;
    for (int64_t i = 0; i < set.dataset->size(); ++i) paths.push_back(set.dataset->path(i));
    std::vector<std::string> names = output_names(paths);
    for (std::string& name : names) name = stem_of(name);
    return names;
  }

  // For one picture and prompt: what writes a mask's file; empty where none is to be saved.
  std::function<void(const PackedMask&)> saving(const EvaluateOptions& options, size_t picture,
                                                const PreparedSample& sample, MaskKind kind, size_t prompt) const {
    if (options.save_masks.empty()) return {};
    const int64_t number =
        prompt < sample.mask_indexes.size() ? sample.mask_indexes[prompt] : static_cast<int64_t>(prompt);
    const std::string& name = names_[static_cast<size_t>(indices_[picture])];
    return [path = options.save_masks / to_string(kind) / set_.name /
                   fmt::format("{}_{}.png", name, number + 1)](const PackedMask& mask) {
      std::filesystem::create_directories(path.parent_path());
      write_image(path, mask_to_gray(unpack(mask)));
    };
  }

  // Encodes the pictures of a group together, then decodes each one's prompts.
  void run_model(std::vector<Waiting>& group) {
    if (group.empty()) return;
    const auto start = std::chrono::steady_clock::now();
    std::vector<const PictureInput*> pictures;
    for (const Waiting& waiting : group) pictures.push_back(&waiting.samples.front().picture);
    std::vector<PictureSession> sessions = PictureSession::encode(model_, pictures);
    seconds_.encoder += seconds_since(start);
    for (size_t i = 0; i < group.size(); ++i) run_prompts(std::move(group[i]), &sessions[i]);
    group.clear();
  }

  // session: null where the picture has no prompts.
  void run_prompts(Waiting waiting, PictureSession* session) {
    for (size_t i = 0; i < waiting.samples.size(); ++i) {
      const auto picture = std::make_shared<Picture>(std::move(waiting.samples[i]), options_[i]);
      PictureResult& result = results_[i][waiting.number];
      const auto start = std::chrono::steady_clock::now();
      double waited = 0;
      const auto take = [&](MaskKind kind, size_t prompt, Answer answer) {
        auto save = saving(options_[i], waiting.number, picture->sample, kind, prompt);
        waited += measure_later(picture, result, kind, prompt, std::move(answer), std::move(save));
      };
      if (!picture->sample.prompts.empty()) answer_prompts(*session, picture->sample, options_[i], take);
      seconds_.decoder += seconds_since(start) - waited;
      timed_measure([&] { picture->done(result); });
    }
  }

  // Waits for room; returns the seconds waited.
  double measure_later(const std::shared_ptr<Picture>& picture, PictureResult& result, MaskKind kind, size_t prompt,
                       Answer answer, std::function<void(const PackedMask&)> save) {
    const auto start = std::chrono::steady_clock::now();
    ++picture->left;
    const int64_t bytes = answer.mask->bytes();
    auto work = [this, picture, &result, kind, prompt, answer = std::move(answer), save = std::move(save)] {
      if (save) save(*answer.mask);
      timed_measure([&] {
        picture->measure.add(kind, prompt, answer);
        picture->done(result);
      });
    };
    behind_.add(std::move(work), bytes);
    return seconds_since(start);
  }

  template <class Work>
  void timed_measure(const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    measured_ += seconds_since(start);
  }

  SamHq& model_;
  const NamedDataset& set_;
  const std::vector<EvaluateOptions>& options_;
  std::vector<int64_t> indices_;
  StationSeconds& seconds_;
  std::deque<std::future<Timed<Prepared>>> ahead_;
  std::atomic<double> measured_ = 0;
  Results results_;
  const std::vector<std::string> names_;
  Jobs behind_;  // declared last, so that its threads end before the members that they write to
};

// Evaluates this rank's pictures of all sets: every size-th, beginning at its rank. It goes through the sets in turn,
// and within a set through the options.
RankResults run_rank(SamHq& model, const std::vector<NamedDataset>& sets, const std::vector<EvaluateOptions>& options,
                     const Group& group, StationSeconds& seconds) {
  RankResults results;
  for (const NamedDataset& set : sets) {
    std::vector<int64_t> own = own_pictures(*set.dataset, options.front().limit, group);
    std::optional<Progress> progress;
    if (group.is_main()) progress.emplace("evaluate " + set.name, static_cast<int64_t>(own.size()));
    SetLine line(model, set, options, std::move(own), seconds);
    for (auto& of_prompt : line.run(progress ? &*progress : nullptr)) {
      results.push_back(std::move(of_prompt));
    }
  }
  return results;
}

// Combines the pictures of all sets under one of the options; pictures[i] are those of set i.
EvaluateResult conclude(const std::vector<NamedDataset>& sets, const std::vector<std::vector<PictureResult>*>& pictures,
                        const EvaluateOptions& options) {
  EvaluateResult result;
  for (size_t i = 0; i < sets.size(); ++i) {
    result.sets.push_back(summarize(sets[i].name, *pictures[i], options, result.samples));
  }
  add_means(result);
  return result;
}

// Throws Error unless both options feed the encoder the same pictures in the same way.
void check_options(const EvaluateOptions& options, const EvaluateOptions& first) {
  options.validate();
  const bool same = options.protocol == first.protocol && options.masks == first.masks &&
                    options.limit == first.limit && options.workers == first.workers && options.seed == first.seed &&
                    options.on_error == first.on_error && options.batch == first.batch;
  if (!same) {
    fail(kEvaluate, "prompts of one evaluation must share protocol, masks, limit, workers, batch, seed and on_error");
  }
}

}  // namespace

void EvaluateOptions::validate() const {
  const char* where = "EvaluateOptions";
  if (masks.empty()) fail(where, "masks must name at least one of sam, hq, sum");
  if (std::set<MaskKind>(masks.begin(), masks.end()).size() != masks.size()) {
    fail(where, "masks must name each of sam, hq, sum at most once");
  }
  require_within(where, "prompt_points", prompt_points, 1, kMostPromptPoints);
  require_within(where, "boundary_dilation", boundary_dilation, 1e-4, 0.99, " of the diagonal");
  require_within(where, "strict_dilation", strict_dilation, 1e-4, 0.99, " of the diagonal");
  require_within(where, "clicks", clicks, 1, kMostClicks);
  box_noise.validate(where);
  ap.validate();
  if (origin == PromptOrigin::kProposals) proposals.validate();
  require_within(where, "workers", workers, 0, kMostWorkers);
  require_within(where, "batch", batch, 1, kMostEncoded);
  require_within(where, "limit", limit, 0, 1'000'000'000, " (0 = all pictures)");
}

std::vector<EvaluateResult> evaluate_prompts(SamHq& model, const std::vector<NamedDataset>& sets,
                                             const std::vector<EvaluateOptions>& options, Group& group) {
  const auto start = std::chrono::steady_clock::now();
  if (options.empty()) fail(kEvaluate, "no prompts; name at least one");
  for (const EvaluateOptions& of_prompt : options) check_options(of_prompt, options.front());
  const bool of_proposals = std::any_of(options.begin(), options.end(), [](const EvaluateOptions& one) {
    return one.origin == PromptOrigin::kProposals;
  });
  if (options.size() > 1 && of_proposals)
    fail(kEvaluate, "proposals are an evaluation of their own: ask for them alone");
  if (of_proposals) return {evaluate_proposals(model, sets, options.front(), group)};
  check_run(model, sets, options.front(), group);
  StationSeconds stations;
  auto pictures = merge_ranks([&] { return run_rank(model, sets, options, group, stations); }, group);

  for (size_t set = 0; set < sets.size(); ++set) {
    check_unread(sets[set].name, pictures[set * options.size()], group.is_main());
  }
  std::vector<EvaluateResult> results;
  for (size_t prompt = 0; prompt < options.size(); ++prompt) {
    std::vector<std::vector<PictureResult>*> of_prompt;
    for (size_t set = 0; set < sets.size(); ++set) of_prompt.push_back(&pictures[set * options.size() + prompt]);
    results.push_back(conclude(sets, of_prompt, options[prompt]));
    for (const SetResult& set : results.back().sets) {
      if (group.is_main()) warn_of_skipped(set);
    }
  }
  const double seconds = seconds_since(start);
  for (EvaluateResult& result : results) result.seconds = seconds, result.stations = stations;
  return results;
}

EvaluateResult evaluate(SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options,
                        Group& group) {
  return std::move(evaluate_prompts(model, sets, {options}, group).front());
}

}  // namespace hqsam
