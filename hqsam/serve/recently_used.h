// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <utility>

namespace hqsam {

// The last few values by key, of which the one that was longest not asked for goes first. For one thread.
template <class Key, class Value>
class RecentlyUsed {
 public:
  explicit RecentlyUsed(size_t most) : most_(most) {}

  // Null where it is not there.
  const Value* find(const Key& key) {
    for (auto at = items_.begin(); at != items_.end(); ++at) {
      if (at->first != key) continue;
      items_.splice(items_.begin(), items_, at);
      return &at->second;
    }
    return nullptr;
  }
  // Without asking for it.
  bool contains(const Key& key) const {
    for (const auto& [own, value] : items_) {
      if (own == key) return true;
    }
    return false;
  }
  void put(Key key, Value value) {
    items_.emplace_front(std::move(key), std::move(value));
    if (items_.size() > most_) items_.pop_back();
  }
  void clear() { items_.clear(); }
  const std::list<std::pair<Key, Value>>& items() const { return items_; }  // the last used first

 private:
  size_t most_;
  std::list<std::pair<Key, Value>> items_;
};

}  // namespace hqsam
