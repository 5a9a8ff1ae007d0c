// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/comm/group.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

// Rank 0's parameters and buffers on every rank. Throws Error where the ranks' models differ in keys or shapes.
void broadcast_model(SamHq& model, Group& group);

// Whether any rank says yes.
bool any_rank(Group& group, bool mine);

// Rank 0's text on every rank.
std::string from_main(Group& group, const std::string& mine);

}  // namespace hqsam
