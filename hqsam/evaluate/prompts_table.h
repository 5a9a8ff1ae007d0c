// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hqsam/evaluate/compare.h"

namespace hqsam {

// Markdown: models beside prompts. A row's folders are evaluations with evaluate.prompts, of the same data and prompts:
// they hold a folder of results per prompt. Each row gives one line for each kind of mask (sam, hq, sum) that it has;
// of several folders each mask's scores are averaged first. A column is a prompt, and of clicks one after each click.
// Three tables: mIoU and mBIoU over the masks of all sets, with the difference to the first line, mask by mask, and its
// 95 % bootstrap interval; and, where masks are the prompts, how much better than these the answers are in mIoU and
// mBIoU. Percent. Throws Error for rows without folders, folders without results of prompts, and where a row lacks a
// prompt or a mask that the first has.
std::string prompts_table(const std::vector<TableRow>& rows);

}  // namespace hqsam
