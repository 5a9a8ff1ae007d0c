// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "hqsam/amg/found_mask.h"

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
  static constexpr size_t kKept = 8;
  struct Made {
    size_t picture;
    int64_t points_per_side;
    Masks masks;
  };
  void stop_thread();

  Make make_;
  mutable std::mutex mutex_;
  std::list<Made> made_;  // the last used first
  std::set<size_t> pictures_;
  int64_t model_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace hqsam
