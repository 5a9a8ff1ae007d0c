// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "hqsam/amg/found_mask.h"
#include "hqsam/serve/recently_used.h"

namespace hqsam {

// What a model proposes for pictures; the last few stay in memory. From any thread.
class Suggestions {
 public:
  using Masks = std::shared_ptr<const std::vector<FoundMask>>;
  using Make = std::function<std::vector<FoundMask>(size_t picture, int64_t points_per_side)>;
  explicit Suggestions(Make make) : make_(std::move(make)) {}
  ~Suggestions();  // waits for the picture that is looked at
  Suggestions(const Suggestions&) = delete;
  Suggestions& operator=(const Suggestions&) = delete;

  // Throws what make throws.
  Masks of(size_t picture, int64_t points_per_side);
  bool has(size_t picture) const;  // made since the last again()
  // The model is another one: what was made is forgotten, and made again beside all else for the pictures that are
  // wanted, the last few alone.
  void again(const std::function<bool(size_t picture)>& wanted);

 private:
  using Asked = std::pair<size_t, int64_t>;  // picture and points
  void stop_thread();

  Make make_;
  mutable std::mutex mutex_;
  RecentlyUsed<Asked, Masks> made_{8};
  std::set<size_t> pictures_;
  int64_t model_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace hqsam
