// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/html.h"

#include <spdlog/fmt/fmt.h>

#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

constexpr int kJpegQuality = 85;

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ground:#fbfbfa;--card:#fff;--ink:#1c2126;--soft:#66707a;--line:#e2e5e8;
--gain:#127a3f;--loss:#b3341f;--sam:#e8740c;--hq:#1677d2;--zebra:#f5f6f7}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1b1f23;--ink:#e7eaed;--soft:#98a2ac;--line:#2d3338;
--gain:#4cc382;--loss:#f0836c;--sam:#ff9a45;--hq:#58a9f5;--zebra:#20252a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:40px 0 4px}
p{margin:4px 0 12px}
.soft{color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 20px;padding:0;list-style:none;color:var(--soft);font-size:.92rem}
.facts b{color:var(--ink);font-weight:600;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:14px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
.tile b{display:block;font-size:1.9rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile>span{color:var(--soft);font-size:.9rem}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px;margin:10px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;white-space:nowrap}
th,td{padding:8px 14px;text-align:right;border-bottom:1px solid var(--line)}
th{font-size:.82rem;font-weight:600;color:var(--soft)}
thead tr:first-child:not(:last-child) th{text-align:center;border-bottom:0;padding-bottom:0}
th:first-child,td:first-child{text-align:left}
td small{color:var(--soft);font-weight:400;font-size:.84rem}
tbody tr:nth-child(even){background:var(--zebra)}
tbody tr:last-child td{border-bottom:0}
tr.total td{font-weight:650;border-top:2px solid var(--line)}
.gain{color:var(--gain)}.loss{color:var(--loss)}
.plot{width:100%;max-width:620px;height:auto;display:block;margin:0 auto}
.plot text{fill:var(--ink);font-size:14px}.plot .soft{fill:var(--soft)}
.plot line{stroke:var(--line)}.plot .zero{stroke:var(--soft);stroke-dasharray:3 3}
.plot .bar{stroke:var(--hq);stroke-width:3;stroke-linecap:round}.plot circle{fill:var(--hq)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 14px 14px;margin:14px 0}
.card h3{font-size:.98rem;margin:0 0 8px;font-weight:600;overflow-wrap:anywhere}
.panels{display:grid;grid-template-columns:repeat(4,1fr);gap:10px}
.panels.three{grid-template-columns:repeat(3,1fr)}
.panels figure{margin:0;min-width:0}
.panels img{display:block;width:100%;height:auto;border-radius:6px;background:var(--zebra)}
figcaption{font-size:.84rem;color:var(--soft);margin-top:4px}
figcaption b{color:var(--ink)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.92rem}
dt{font-weight:600}dd{margin:0;color:var(--soft)}
@media(max-width:640px){main{padding:18px 12px 40px}h1{font-size:1.35rem}.panels,.panels.three{grid-template-columns:1fr 1fr}
th,td{padding:7px 8px;font-size:.9rem}th:nth-child(2),td:nth-child(2){display:none}.tiles{grid-template-columns:1fr 1fr;gap:10px}.tile{padding:10px 12px}
.tile b{font-size:1.45rem}.card{padding:10px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}}
@media print{.card{break-inside:avoid}}
)";

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

std::string row(const std::vector<std::string>& cells, const char* tag, const char* row_class) {
  std::string html = *row_class ? fmt::format("<tr class=\"{}\">", row_class) : "<tr>";
  for (const std::string& cell : cells) html += fmt::format("<{0}>{1}</{0}>", tag, cell);
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

std::string base64(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) text += k <= count ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string html_image(const Image& image, const std::string& alt) {
  return fmt::format("<img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">", image.width,
                     image.height, escape_html(alt), base64(encode_image(image, ".jpg", kJpegQuality)));
}

std::string html_table(const HtmlTable& table) {
  std::string html = "<div class=\"scroll\"><table>\n<thead>\n";
  if (!table.groups.empty()) {
    html += "<tr>";
    for (size_t i = 0; i < table.lead; ++i) html += "<th></th>";
    for (const std::string& group : table.groups) html += fmt::format("<th colspan=\"2\">{}</th>", group);
    html += "</tr>\n";
  }
  html += row(table.header, "th", "") + "</thead>\n<tbody>\n";
  for (size_t i = 0; i < table.rows.size(); ++i) {
    html += row(table.rows[i], "td", i + table.totals >= table.rows.size() ? "total" : "");
  }
  return html + "</tbody></table></div>\n";
}

std::string html_page(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      escape_html(title), kStyle, body);
}

}  // namespace hqsam
