// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "hqsam/data/data_file.h"
#include "hqsam/data/objects.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// SA-1B: a JSON of run lengths for each picture, beside it or in the folder `annotations`, or both in shards (see
// files_of_shards). pair_jsons says how they find each other, read_sa1b_json how a JSON is read.
std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options);

// Of these files, such as those of shards; what a picture and its JSON share is then sample_key.
std::shared_ptr<const Dataset> open_sa1b(const SetOptions& options, const std::vector<DataFile>& files);

}  // namespace hqsam
