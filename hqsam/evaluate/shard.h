// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "hqsam/comm/group.h"
#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

struct PictureResult {
  std::vector<SampleResult> samples;      // one per mask that was measured
  int64_t skipped = 0;                    // masks without an inside, and what a reader left out
  std::map<MaskKind, ApPicture> ap = {};  // empty where the set states no categories
  std::string unread = {};                // why the picture could not be read; "": it was
};

// For each set, its pictures in order. Rank r of n holds pictures r, r + n, r + 2 n, ...
using RankResults = std::vector<std::vector<PictureResult>>;

// Runs `run` on every rank and puts the pictures of all ranks back in the order of the sets, on every rank.
// Where it throws on one rank, all ranks throw Error with that rank's message; Stopped, where that rank did.
RankResults merge_ranks(const std::function<RankResults()>& run, Group& group);

}  // namespace hqsam
