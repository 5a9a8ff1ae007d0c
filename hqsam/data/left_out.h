// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hqsam {

// What a reader leaves out, by cause, for one warning each.
class LeftOut {
 public:
  // cause: "without a segmentation"; name: which one.
  void add(const std::string& cause, const std::string& name);
  int64_t total() const { return total_; }
  // "3 without a segmentation (5, 9, 12), 1 of an unknown picture (7)"
  std::string told() const;
  // "data set 'x': 3 annotations are left out: without a segmentation (5, 9, 12)"
  void warn(const std::string& set, const std::string& what) const;

 private:
  struct Group {
    int64_t count = 0;
    std::vector<std::string> first;
  };
  static std::string names(const Group& group);

  std::map<std::string, Group> groups_;
  int64_t total_ = 0;
};

}  // namespace hqsam
