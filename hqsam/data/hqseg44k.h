// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hqsam/data/set_options.h"

namespace hqsam {

struct HqSeg44k {
  std::vector<SetOptions> train, valid;
};

// HQSeg-44K's seven sets to train on and the four to validate on, in the layout of the published zip under `root` or
// a folder directly in it. exclude: names of sets or of the data they come from ("DIS5K", "ThinObject5K", "FSS",
// "DUTS", "ECSSD", "MSRA10K", "COIFT", "HRSOD"), in any case. Says how many pictures each has beside the published
// number. Throws Error that names the folders that are missing, and for an `exclude` that names nothing.
HqSeg44k find_hqseg44k(const std::filesystem::path& root, const std::vector<std::string>& exclude);

}  // namespace hqsam
