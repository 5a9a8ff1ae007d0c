// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/file_contents.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr std::array<std::string_view, 4> kWrappers = {"model.", "state_dict.", "model_state_dict.", "module."};

// The length of the prefix component that all names share after their first `from` characters, or 0.
size_t common_wrapper(const std::vector<std::string>& names, size_t from) {
  for (const std::string_view wrapper : kWrappers) {
    const bool common = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::string_view(name).substr(from).starts_with(wrapper) && name.size() > from + wrapper.size();
    });
    if (common) return wrapper.size();
  }
  return 0;
}

}  // namespace

void fail_without_tensors(const FileContents& contents) {
  for (const auto& [name, type] : contents.objects) {
    if (!name.empty()) continue;
    fail("read_pth",
         "the file is a whole object of the Python class {}, whose code is never run: load it where that class is, and "
         "torch.save(model.state_dict(), path)",
         type);
  }
  fail("read_pth", "expected a dict with tensors, got {}: in Python, torch.save(model.state_dict(), path) writes one",
       contents.summary);
}

std::vector<TakenTensor> take_all(const FileContents& contents) {
  const std::vector<std::string>& names = contents.tensors;
  if (names.empty() || names.front().empty()) fail_without_tensors(contents);
  size_t front = 0;
  for (size_t more = 1; more > 0; front += more) more = common_wrapper(names, front);
  std::vector<TakenTensor> taken;
  for (size_t i = 0; i < names.size(); ++i) taken.push_back({i, names[i].substr(front)});
  return taken;
}

}  // namespace hqsam
