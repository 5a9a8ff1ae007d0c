// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/dataset.h"

#include <algorithm>

namespace hqsam {
namespace {

std::vector<MaskBrief> briefs(const Sample& sample) {
  std::vector<MaskBrief> masks;
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    masks.push_back({sample.labels[i].area(), i < sample.infos.size() && sample.infos[i].crowd});
  }
  return masks;
}

template <class Item>
void keep_one(std::vector<Item>& items, int64_t position) {
  if (position < 0 || position >= std::ssize(items)) {
    items.clear();
    return;
  }
  std::swap(items.front(), items[static_cast<size_t>(position)]);
  items.erase(items.begin() + 1, items.end());
}

}  // namespace

Sample Dataset::get_one(int64_t index, const ChooseMask& choose) const {
  Sample sample = get(index);
  const int64_t chosen = choose(briefs(sample));
  keep_one(sample.labels, chosen);
  if (!sample.infos.empty()) keep_one(sample.infos, chosen);
  if (!sample.coarse.empty()) keep_one(sample.coarse, chosen);
  return sample;
}

std::vector<MaskBrief> Dataset::masks_of(int64_t index) const { return briefs(get(index)); }

}  // namespace hqsam
