// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/html.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "hqsam/core/base64.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/resize.h"
#include "hqsam/report/html_style.h"

namespace hqsam {
namespace {

constexpr int kJpegQuality = 85;

// Length of the UTF-8 sequence that text begins with, 0 where it is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t length = byte(0) < 0x80                      ? 1
                        : byte(0) >= 0xC2 && byte(0) < 0xE0 ? 2
                        : byte(0) >= 0xE0 && byte(0) < 0xF0 ? 3
                        : byte(0) >= 0xF0 && byte(0) < 0xF5 ? 4
                                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

std::string body_row(const std::vector<std::string>& cells, bool total) {
  std::string html = total ? "<tr class=\"total\">" : "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    html += i == 0 ? "<th scope=\"row\">" + cells[i] + "</th>" : "<td>" + cells[i] + "</td>";
  }
  return html + "</tr>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length != 1) {
      html += length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length);
    } else {
      switch (const char c = text[0]; c) {
        case '&':
          html += "&amp;";
          break;
        case '<':
          html += "&lt;";
          break;
        case '>':
          html += "&gt;";
          break;
        case '"':
          html += "&quot;";
          break;
        case '\'':
          html += "&#39;";
          break;
        default:
          html += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
      }
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return html;
}

std::string html_image(const Image& image, const std::string& alt) {
  return fmt::format("<img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">", image.width,
                     image.height, escape_html(alt), base64_text(encode_image(image, ".jpg", kJpegQuality)));
}

std::string html_scroll(const std::string& kind, const std::string& label, const std::string& content) {
  return fmt::format("<div class=\"{}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n", kind,
                     escape_html(label), content);
}

std::string html_table(const HtmlTable& table) {
  std::string html = table.counts ? "<table class=\"counts\">\n<thead>\n" : "<table>\n<thead>\n";
  if (!table.groups.empty()) {
    html += "<tr>";
    for (size_t i = 0; i < table.lead; ++i) html += "<td></td>";
    for (const std::string& group : table.groups) {
      html += fmt::format("<th colspan=\"2\" scope=\"colgroup\">{}</th>", group);
    }
    html += "</tr>\n";
  }
  html += "<tr>";
  for (const std::string& cell : table.header) html += fmt::format("<th scope=\"col\">{}</th>", cell);
  html += "</tr>\n</thead>\n<tbody>\n";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    html += body_row(table.rows[i], i + table.totals >= table.rows.size());
  }
  return html_scroll("scroll", table.name.empty() ? "table" : table.name, html + "</tbody></table>");
}

std::string html_facts(const std::vector<HtmlFact>& facts) {
  std::string html;
  for (const auto& [name, value] : facts) {
    html += fmt::format("<li>{} <b>{}</b></li>\n", escape_html(name), escape_html(value));
  }
  return "<ul class=\"facts\">\n" + html + "</ul>\n";
}

std::string html_tiles(const std::vector<HtmlFact>& tiles) {
  std::string html;
  for (const auto& [text, value] : tiles) {
    html += fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", value, text);
  }
  return "<div class=\"tiles\">\n" + html + "</div>\n";
}

Image html_sized(const Image& image, Size largest) {
  const double scale = std::min({1.0, static_cast<double>(largest.height) / static_cast<double>(image.height),
                                 static_cast<double>(largest.width) / static_cast<double>(image.width)});
  const auto scaled = [&](int64_t length) {
    return std::max<int64_t>(1, std::llround(scale * static_cast<double>(length)));
  };
  return resize_antialiased(image, {scaled(image.height), scaled(image.width)});
}

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      escape_html(title), kHtmlStyle, body);
}

}  // namespace hqsam
