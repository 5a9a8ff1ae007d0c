// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/model/sam_hq.h"

namespace hqsam {

// A model whose constructors did not draw their random weights: those of linear layers, convolutions and embeddings
// are memory that nobody touched, so it takes milliseconds and no RAM. For callers that give every tensor its value
// next, or want to know only which tensors there are. For the whole process this gives libtorch's dispatch key
// DeferredInit, which libtorch itself leaves without a meaning, that of leaving random fills out.
SamHq make_unfilled(const SamHqOptions& options);

}  // namespace hqsam
