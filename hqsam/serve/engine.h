// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hqsam/amg/found_mask.h"
#include "hqsam/predict/predictor.h"
#include "hqsam/serve/page_prompt.h"
#include "hqsam/serve/session_store.h"

namespace hqsam {

struct PageMask {
  MaskKind kind = MaskKind::kSum;
  PackedMask mask;
  double score = 0;  // SAM's predicted IoU
};

struct PageMasks {
  std::vector<PageMask> masks;
  double milliseconds = 0;  // decoder and masks
};

struct EngineModel {
  SamHq model = nullptr;
  MaskKind kind = MaskKind::kSum;  // that the page shows first
  std::string checkpoint;
};

// The model behind the page. A thread decodes prompts, and encodes the picture that is shown; another one, at a low
// priority, encodes the two pictures after it; a third one, at a lower one, makes proposals. From any thread.
class PromptEngine {
 public:
  struct Options {
    std::filesystem::path embeddings;
    bool bf16 = false;
  };
  PromptEngine(EngineModel model, Options options, const std::vector<ListedPicture>& pictures,
               const std::vector<std::string>& stems);
  ~PromptEngine();
  PromptEngine(const PromptEngine&) = delete;
  PromptEngine& operator=(const PromptEngine&) = delete;

  // The page shows this picture now: what waits of others is dropped. Whether it is encoded. Throws ApiError 400 where
  // that failed; coming back from another picture tries it again.
  bool open(size_t picture);
  // Masks of a prompt, one for each kind. Of the prompts of a picture that wait only the newest, by seq, is decoded:
  // ApiError 409 for the others, as for those of a picture that was left. 400 for a prompt that is none.
  PageMasks predict(size_t picture, int64_t seq, const PagePrompt& prompt, const std::vector<MaskKind>& kinds);
  // A mask of each of the prompts, in their order.
  std::vector<PageMask> predict_all(size_t picture, const std::vector<PagePrompt>& prompts);
  // Everything in a picture (AutomaticMaskGenerator).
  std::vector<FoundMask> proposals(size_t picture, int64_t points_per_side);

  // From here on another model answers.
  void set_model(EngineModel model);
  std::string fingerprint() const;
  std::string checkpoint() const;
  MaskKind default_kind() const;
  std::vector<MaskKind> kinds() const;

 private:
  struct Loaded;  // a model and what was encoded with it
  using Work = std::function<void(Loaded&)>;
  struct Waiting {
    int64_t seq = 0;
    Work work;
    std::function<void(std::exception_ptr)> drop;
  };
  std::shared_ptr<Loaded> loaded() const;
  template <class Result>
  std::future<Result> ask(size_t picture, std::optional<int64_t> seq, std::function<Result(PictureSession&, Loaded&)>);
  void run_front();
  void run_ahead();
  void run_slow();
  std::optional<size_t> next_ahead(Loaded& loaded) const;

  Options options_;
  const std::vector<ListedPicture>& pictures_;
  const std::vector<std::string>& stems_;
  mutable std::mutex mutex_;
  std::condition_variable change_;
  std::shared_ptr<Loaded> loaded_;
  std::optional<size_t> opened_;
  std::string failure_;               // of the opened one; "": none
  std::map<size_t, Waiting> newest_;  // of each picture the prompt that waits
  std::list<Work> front_, slow_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hqsam
