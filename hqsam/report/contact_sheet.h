// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "hqsam/data/check.h"
#include "hqsam/evaluate/evaluate.h"

namespace hqsam {

// A data set with what check_dataset found in it.
struct CheckedSet {
  NamedDataset set;
  CheckReport report;
};

// One page without outside parts: for each set its numbers, its problems and `count` of its pictures, evenly
// spaced, with their masks (as in the paper's Figure 8). Pictures that cannot be read are said to be so.
// Throws Error with the path where it cannot be written.
void write_contact_sheet(const std::filesystem::path& path, const std::vector<CheckedSet>& sets, int64_t count = 24);

}  // namespace hqsam
