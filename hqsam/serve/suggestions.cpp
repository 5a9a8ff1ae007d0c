// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/suggestions.h"

#include "hqsam/core/log.h"

namespace hqsam {

Suggestions::~Suggestions() { stop_thread(); }

void Suggestions::stop_thread() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  stop_ = false;
}

Suggestions::Masks Suggestions::of(size_t picture, int64_t points_per_side) {
  int64_t model = 0;
  {
    const std::lock_guard lock(mutex_);
    model = model_;
    if (const Masks* made = made_.find({picture, points_per_side})) return *made;
  }
  auto masks = std::make_shared<const std::vector<FoundMask>>(make_(picture, points_per_side));
  const std::lock_guard lock(mutex_);
  if (model != model_) return masks;  // of the model before
  made_.put({picture, points_per_side}, masks);
  pictures_.insert(picture);
  return masks;
}

bool Suggestions::has(size_t picture) const {
  const std::lock_guard lock(mutex_);
  return pictures_.contains(picture);
}

void Suggestions::again(const std::function<bool(size_t picture)>& wanted) {
  stop_thread();
  std::vector<Asked> asked;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [own, masks] : made_.items()) {
      if (wanted(own.first)) asked.push_back(own);
    }
    made_.clear();
    pictures_.clear();
    ++model_;
  }
  thread_ = std::thread([this, asked] {
    for (const auto& [picture, points_per_side] : asked) {
      if (stop_) return;
      try {
        of(picture, points_per_side);
      } catch (const std::exception& error) {
        spdlog::warn("no suggestions: {}", error.what());
      }
    }
  });
}

}  // namespace hqsam
