// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hqsam/data/dataset.h"
#include "hqsam/data/on_error.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// A data set of any format, looked through now; kAuto is recognised first.
std::shared_ptr<const Dataset> open_dataset(const SetOptions& options);

// Before a run: up to 128 pictures' masks of the set, evenly spaced. Throws Error where a mask cannot be read or
// differs in size from its picture, and where none has an inside, or all are crowds. With kSkip pictures whose
// masks cannot be read are counted in a warning, unless they are all. Says aloud how files are read.
void look_before_run(const std::string& name, const Dataset& dataset, int64_t workers, OnError on_error);

}  // namespace hqsam
