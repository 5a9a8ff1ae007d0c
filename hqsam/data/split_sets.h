// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/data/find_sets.h"

namespace hqsam {

// A set whose pictures lie in folders that are called train, val, test and the like, each with a folder of the same
// name among its masks or annotations (images/train, masks/train): these folders' sets are added to `found` by their
// use. False, and nothing is added, where the set is not so or has no folder to train on.
bool split_by_folders(const SetOptions& set, FoundSets& found);

}  // namespace hqsam
