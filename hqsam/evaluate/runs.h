// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "hqsam/evaluate/shard.h"

namespace hqsam {

// What every kind of evaluation does around its pictures.

// Throws Error for no or empty sets, two of one name, masks that the model does not have, and ranks whose pictures
// differ.
void check_run(const SamHq& model, const std::vector<NamedDataset>& sets, const EvaluateOptions& options, Group& group);
// The positions in a set that are this rank's: of all, or of `limit` evenly spaced, every size-th beginning at its
// rank.
std::vector<int64_t> own_pictures(const Dataset& dataset, int64_t limit, const Group& group);
// Empty if the picture is skipped (kSkip); `unread` then says why.
std::optional<Sample> read_sample(const Dataset& dataset, int64_t index, OnError on_error, std::string& unread);
// For on_error kSkip: throws Error if more than half of a set's pictures could not be read.
void check_unread(const std::string& set, const std::vector<PictureResult>& pictures, bool aloud);
void warn_of_skipped(const SetResult& set);
// Each metric's mean over the sets that have it.
void add_means(EvaluateResult& result);

}  // namespace hqsam
