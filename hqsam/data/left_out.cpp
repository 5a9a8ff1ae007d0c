// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/left_out.h"

#include "hqsam/core/log.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr size_t kNamed = 5;  // of each cause
constexpr size_t kNameBytes = 80;

}  // namespace

void LeftOut::add(const std::string& cause, const std::string& name) {
  Group& group = groups_[cause];
  if (group.first.size() < kNamed) group.first.push_back(shown_short(name, kNameBytes));
  ++group.count;
  ++total_;
}

std::string LeftOut::names(const Group& group) {
  const auto more = group.count - static_cast<int64_t>(group.first.size());
  return fmt::format("{}{}", fmt::join(group.first, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string LeftOut::told() const {
  std::string text;
  for (const auto& [cause, group] : groups_) {
    text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", group.count, cause, names(group));
  }
  return text;
}

void LeftOut::warn(const std::string& set, const std::string& what) const {
  for (const auto& [cause, group] : groups_) {
    spdlog::warn("data set '{}': {} {} left out: {} ({})", set, group.count, what, cause, names(group));
  }
}

}  // namespace hqsam
