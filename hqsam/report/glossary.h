// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hqsam {

// "What the numbers mean": names with a sentence or two each; HTML.
using GlossaryEntry = std::pair<std::string, std::string>;
std::string html_glossary(const std::vector<GlossaryEntry>& entries);

GlossaryEntry miou_entry();
GlossaryEntry mbiou_entry(double dilation);  // the band's width, a share of the diagonal
GlossaryEntry interval_entry();

}  // namespace hqsam
