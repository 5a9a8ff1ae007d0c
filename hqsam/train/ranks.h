// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hqsam/comm/group.h"
#include "hqsam/model/sam_hq.h"

namespace hqsam {

// Throws Error on every rank, naming the ranks that differ from rank 0, unless all bring the same bytes. what: for the
// message, such as "the config".
void require_equal(Group& group, const std::string& mine, const std::string& what);

// Rank 0's parameters and buffers on every rank. Throws Error where the ranks' models differ in keys or shapes.
void broadcast_model(SamHq& model, Group& group);

// Whether any rank says yes.
bool any_rank(Group& group, bool mine);

// Rank 0's text on every rank.
std::string from_main(Group& group, const std::string& mine);

}  // namespace hqsam
