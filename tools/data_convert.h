// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common.h"

namespace hqsam {

// The subcommand `data convert`.
void add_data_convert(CLI::App& data, Run& run);

}  // namespace hqsam
