// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hqsam/image/image.h"

namespace hqsam {

// &, <, >, " and ' as entities. Bytes that are not UTF-8 become U+FFFD, control characters blanks.
std::string escape_html(std::string_view text);

// A picture as an <img> that carries its own bytes (JPEG).
std::string html_image(const Image& image, const std::string& alt);

// The picture no larger than `largest`, for pages that carry many.
Image html_sized(const Image& image, Size largest);

// A table that scrolls sideways where the screen is narrow. Cells are HTML; the first column is text and names its
// row, the others are numbers. The last `totals` rows stand out.
struct HtmlTable {
  std::vector<std::string> groups;  // optional row over the header: one per pair of columns after `lead`
  size_t lead = 0;                  // columns before the groups
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  size_t totals = 0;
  bool counts = false;  // the second column is a count, which a phone leaves out
  std::string name;     // text, for those who hear the page
};
std::string html_table(const HtmlTable& table);

// What is wider than a phone: scrolls sideways, by keyboard too. kind: "scroll" or "film"; label is text.
std::string html_scroll(const std::string& kind, const std::string& label, const std::string& content);

// Names with values: text in a line of facts, HTML in tiles.
using HtmlFact = std::pair<std::string, std::string>;
std::string html_facts(const std::vector<HtmlFact>& facts);
std::string html_tiles(const std::vector<HtmlFact>& tiles);

// A whole page with hqsam's style: readable on a phone, light or dark as the reader's system is. body is HTML.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace hqsam
