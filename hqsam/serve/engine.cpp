// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/engine.h"

#include <c10/core/DeviceGuard.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

#include "hqsam/amg/generator.h"
#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/image/codec.h"
#include "hqsam/ops/autocast.h"
#include "hqsam/serve/api_error.h"

namespace hqsam {
namespace {

constexpr size_t kAhead = 2;  // pictures

// What a thread of the engine has while it lives: its priority, which goes on to those that it starts, such as
// libtorch's, the device, and the type of products.
class ThreadScope {
 public:
  ThreadScope(int niceness, torch::Device device, bool bf16) : bf16_(device.type(), bf16) {
    if (!device.is_cpu()) device_.reset_device(device);
    if (niceness == 0) return;
    if (::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), niceness) != 0) {
      spdlog::debug("no lower priority for what runs beside");
    }
  }

 private:
  c10::OptionalDeviceGuard device_;
  Bf16Scope bf16_;
};

// A picture that cannot be read is the request's fault.
std::shared_ptr<PictureSession> session_of(SessionStore& sessions, size_t picture) {
  try {
    return sessions.get(picture);
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
}

std::exception_ptr superseded() {
  return std::make_exception_ptr(ApiError(409, "superseded by a newer prompt or another picture"));
}

std::exception_ptr ended() { return std::make_exception_ptr(ApiError(503, "hqsam annotate is ending")); }

Prompt model_prompt(const PagePrompt& prompt, const InputFrame& frame, SamHq& model) {
  PredictPrompt in_image{.box = prompt.box, .points = prompt.points, .point_labels = prompt.labels};
  if (prompt.mask)
    in_image.mask_input = mask_prompt(unpack(*prompt.mask), model->image_size(), model->mask_input_size());
  try {
    return prompt_in_input(in_image, frame, model->mask_input_size());
  } catch (const Error& error) {
    throw ApiError(400, error.what());
  }
}

PageMasks masks_of(PictureSession& session, SamHq& model, const PagePrompt& prompt,
                   const std::vector<MaskKind>& kinds) {
  const auto start = std::chrono::steady_clock::now();
  const Prompt in_input[] = {model_prompt(prompt, session.frame(), model)};
  const bool single_point = !prompt.box && !prompt.mask && prompt.points.size() == 1;
  const DecodeOptions options{.kinds = kinds, .multimask = single_point ? Multimask::kBest : Multimask::kNone};
  PageMasks answer;
  FrameRoom room;
  session.decode(in_input, options, [&](const Decoded& decoded) {
    answer.masks.push_back({decoded.kind, session.mask_in_image(decoded.low_res, room), decoded.score});
  });
  answer.milliseconds = 1000 * seconds_since(start);
  return answer;
}

// Somebody looks at each before it counts: masks that amg would leave out may come too, after the better ones.
std::vector<FoundMask> suggestions(const EngineModel& model, const std::filesystem::path& picture, int64_t points) {
  constexpr size_t kMost = 100;
  AmgOptions options{.masks = model.kind, .points_per_side = points};
  options.min_predicted_iou = 0.6;
  options.min_stability = 0.7;
  std::vector<FoundMask> masks = AutomaticMaskGenerator(model.model, options).generate(read_image(picture));
  if (masks.size() > kMost) masks.resize(kMost);
  return masks;
}

}  // namespace

struct PromptEngine::Loaded {
  EngineModel model;
  std::string fingerprint;
  SessionStore sessions;
};

PromptEngine::PromptEngine(EngineModel model, Options options, const std::vector<ListedPicture>& pictures,
                           const std::vector<std::string>& stems)
    : options_(std::move(options)), pictures_(pictures), stems_(stems) {
  set_model(std::move(model));
  threads_.emplace_back([this] { run_front(); });
  threads_.emplace_back([this] { run_ahead(); });
  threads_.emplace_back([this] { run_slow(); });
}

PromptEngine::~PromptEngine() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    for (auto& [picture, waiting] : newest_) waiting.drop(ended());
  }
  change_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void PromptEngine::set_model(EngineModel model) {
  check_kinds(model.model, {model.kind});
  const SessionStore::Options store{.folder = options_.embeddings, .bf16 = options_.bf16};
  const std::string fingerprint = model_fingerprint(model.model);
  std::shared_ptr<Loaded> loaded(new Loaded{model, fingerprint, SessionStore(model.model, store, pictures_, stems_)});
  const std::lock_guard lock(mutex_);
  loaded_ = std::move(loaded);
  change_.notify_all();
}

std::shared_ptr<PromptEngine::Loaded> PromptEngine::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

std::string PromptEngine::fingerprint() const { return loaded()->fingerprint; }
std::string PromptEngine::checkpoint() const { return loaded()->model.checkpoint; }
MaskKind PromptEngine::default_kind() const { return loaded()->model.kind; }

std::vector<MaskKind> PromptEngine::kinds() const {
  if (!loaded()->model.model->has_hq()) return {MaskKind::kSam};
  return {MaskKind::kSam, MaskKind::kHq, MaskKind::kSum};
}

bool PromptEngine::open(size_t picture) {
  const std::lock_guard lock(mutex_);
  if (opened_ != picture) {
    for (auto at = newest_.begin(); at != newest_.end();) {
      if (at->first == picture) {
        ++at;
      } else {
        at->second.drop(superseded());
        at = newest_.erase(at);
      }
    }
    failure_.clear();
  }
  opened_ = picture;
  if (!failure_.empty()) throw ApiError(400, failure_);
  change_.notify_all();
  return loaded_->sessions.has(picture);
}

// The future of what the front thread makes of a picture's session. seq: it may be superseded.
template <class Result>
std::future<Result> PromptEngine::ask(size_t picture, std::optional<int64_t> seq,
                                      std::function<Result(PictureSession&, Loaded&)> make) {
  const auto promise = std::make_shared<std::promise<Result>>();
  std::future<Result> future = promise->get_future();
  Work work = [promise, picture, make = std::move(make)](Loaded& loaded) {
    try {
      promise->set_value(make(*session_of(loaded.sessions, picture), loaded));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  };
  const auto drop = [promise](std::exception_ptr reason) { promise->set_exception(std::move(reason)); };
  const std::lock_guard lock(mutex_);
  if (stop_) {
    drop(ended());
  } else if (!seq) {
    front_.push_back(std::move(work));
  } else if (const auto at = newest_.find(picture); at != newest_.end() && at->second.seq > *seq) {
    drop(superseded());  // a newer one came before it
  } else {
    if (at != newest_.end()) at->second.drop(superseded());
    newest_[picture] = {*seq, std::move(work), drop};
  }
  change_.notify_all();
  return future;
}

PageMasks PromptEngine::predict(size_t picture, int64_t seq, const PagePrompt& prompt,
                                const std::vector<MaskKind>& kinds) {
  return ask<PageMasks>(picture, seq,
                        [prompt, kinds](PictureSession& session, Loaded& loaded) {
                          return masks_of(session, loaded.model.model, prompt, kinds);
                        })
      .get();
}

std::vector<PageMask> PromptEngine::predict_all(size_t picture, const std::vector<PagePrompt>& prompts) {
  using Masks = std::vector<PageMask>;
  return ask<Masks>(picture, {},
                    [prompts](PictureSession& session, Loaded& loaded) {
                      Masks masks;
                      for (const PagePrompt& prompt : prompts) {
                        masks.push_back(std::move(
                            masks_of(session, loaded.model.model, prompt, {loaded.model.kind}).masks.front()));
                      }
                      return masks;
                    })
      .get();
}

std::vector<FoundMask> PromptEngine::proposals(size_t picture, int64_t points_per_side) {
  using Masks = std::vector<FoundMask>;
  const auto promise = std::make_shared<std::promise<Masks>>();
  std::future<Masks> future = promise->get_future();
  {
    const std::lock_guard lock(mutex_);
    slow_.push_back([this, promise, picture, points_per_side](Loaded& loaded) {
      try {
        promise->set_value(suggestions(loaded.model, pictures_[picture].path, points_per_side));
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
  }
  change_.notify_all();
  return future.get();
}

void PromptEngine::run_front() {
  const ThreadScope scope(0, loaded()->model.model->device(), options_.bf16);
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto wants_encoding = [&] { return opened_ && failure_.empty() && !loaded_->sessions.has(*opened_); };
    change_.wait(lock, [&] { return stop_ || !newest_.empty() || !front_.empty() || wants_encoding(); });
    const std::shared_ptr<Loaded> loaded = loaded_;
    Work work;
    if (!newest_.empty() && !stop_) {
      const auto own = opened_ ? newest_.find(*opened_) : newest_.end();
      const auto at = own != newest_.end() ? own : newest_.begin();
      work = std::move(at->second.work);
      newest_.erase(at);
    } else if (!front_.empty()) {  // also at the end: somebody waits for it
      work = std::move(front_.front());
      front_.pop_front();
    } else if (stop_) {
      return;
    }
    const size_t shown = opened_.value_or(0);
    lock.unlock();
    std::string failure;
    try {
      work ? work(*loaded) : static_cast<void>(loaded->sessions.get(shown));
    } catch (const std::exception& error) {
      spdlog::error("{}", error.what());
      failure = error.what();
    }
    lock.lock();
    if (!failure.empty() && opened_ == shown) failure_ = failure;
    change_.notify_all();
  }
}

// With the lock held.
std::optional<size_t> PromptEngine::next_ahead(Loaded& loaded) const {
  if (!opened_ || !loaded.sessions.has(*opened_)) return {};  // first the one that is shown
  for (size_t next = *opened_ + 1; next <= *opened_ + kAhead && next < pictures_.size(); ++next) {
    if (!loaded.sessions.has(next)) return next;
  }
  return {};
}

void PromptEngine::run_ahead() {
  const ThreadScope scope(10, loaded()->model.model->device(), options_.bf16);
  std::optional<size_t> failed;
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::shared_ptr<Loaded> loaded = loaded_;
    const std::optional<size_t> next = next_ahead(*loaded);
    if (stop_) return;
    const bool encodes = next && next != failed;
    lock.unlock();
    try {
      loaded->sessions.write_files();
      if (encodes) loaded->sessions.get(*next);
    } catch (const std::exception& error) {
      spdlog::debug("{}", error.what());  // told when the picture is opened
      failed = next;
    }
    lock.lock();
    if (!encodes && !stop_ && loaded == loaded_ && next_ahead(*loaded) == next) change_.wait(lock);
  }
}

void PromptEngine::run_slow() {
  const ThreadScope scope(15, loaded()->model.model->device(), options_.bf16);
  std::unique_lock lock(mutex_);
  for (;;) {
    change_.wait(lock, [&] { return stop_ || !slow_.empty(); });
    if (slow_.empty()) return;
    const Work work = std::move(slow_.front());
    slow_.pop_front();
    const std::shared_ptr<Loaded> loaded = loaded_;
    lock.unlock();
    work(*loaded);
    lock.lock();
  }
}

}  // namespace hqsam
