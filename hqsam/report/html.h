// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hqsam/image/image.h"

namespace hqsam {

// &, <, >, " and ' as entities. Bytes that are not UTF-8 become U+FFFD, control characters blanks.
std::string escape_html(std::string_view text);

// RFC 4648, with padding.
std::string base64(std::string_view bytes);

// A picture as an <img> that carries its own bytes (JPEG).
std::string html_image(const Image& image, const std::string& alt);

// A table that scrolls sideways where the screen is narrow; on a phone its second column, a count, is left
// out. Cells are HTML; the first column is text, the others numbers. The last `totals` rows stand out.
struct HtmlTable {
  std::vector<std::string> groups;  // optional row over the header: one per pair of columns after `lead`
  size_t lead = 0;                  // columns before the groups
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  size_t totals = 0;
};
std::string html_table(const HtmlTable& table);

// A whole page with hqsam's style: readable on a phone, light or dark as the reader's system is. body is HTML.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace hqsam
