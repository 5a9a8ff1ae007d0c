// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hqsam {

// What is known of other people's models by the names of their tensors.

// The model that these names belong to where it is one that hqsam does not have, "SAM 2, ..."; else "".
std::string foreign_model(const std::vector<std::string>& names);

// What a tensor of this name adds to SAM that hqsam does not have, "an adapter", "low-rank terms (LoRA)"; else "".
std::string_view foreign_part(std::string_view name);

// True for what no prediction depends on: counters, and what follows from other tensors.
bool is_bookkeeping(std::string_view name);

// Throws Error naming the first tensors of foreign parts.
void check_parts(const std::vector<std::string>& names);

}  // namespace hqsam
