// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/sam_hq.h"

namespace hqsam {

// A model whose constructors did not draw their random weights: those of linear layers, convolutions and embeddings
// are memory that nobody touched, so it takes milliseconds and no RAM. For callers that give every tensor its value
// next, or want to know only which tensors there are.
SamHq make_unfilled(const SamHqOptions& options);

}  // namespace hqsam
