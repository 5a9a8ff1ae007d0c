// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/contact_sheet.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/image/draw.h"
#include "hqsam/report/html.h"

namespace hqsam {
namespace {

constexpr Size kThumbnail = {240, 240};  // pixels, at most
constexpr size_t kProblemsShown = 20;
constexpr Color kMaskColors[] = {kTruthColor, kSamColor, kHqColor, kPromptColor};

std::string size_text(Size size) { return fmt::format("{} x {}", size.width, size.height); }

std::string thumbnail(const Dataset& dataset, int64_t index) {
  const std::string path = dataset.path(index), name = std::filesystem::path(path).filename().string();
  try {
    const Sample sample = dataset.get(index);
    Image image = sample.image;
    for (size_t i = 0; i < sample.labels.size(); ++i) {
      draw_mask(image, threshold_label(sample.labels[i]), kMaskColors[i % std::size(kMaskColors)]);
    }
    return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       html_image(html_sized(image, kThumbnail), name + " with its masks"), escape_html(name));
  } catch (const Error&) {
    return fmt::format("<figure><p class=\"loss\">cannot be read</p><figcaption>{}</figcaption></figure>\n",
                       escape_html(name));
  }
}

std::string problem_list(const CheckReport& report) {
  std::string html;
  for (size_t i = 0; i < std::min(report.problems.size(), kProblemsShown); ++i) {
    const FileProblem& problem = report.problems[i];
    html += fmt::format("<li>{}: {}, {}</li>\n", problem_name(problem.problem), escape_html(problem.path),
                        escape_html(problem.message));
  }
  if (report.problems.size() > kProblemsShown) {
    html += fmt::format("<li>and {} more</li>\n", report.problems.size() - kProblemsShown);
  }
  return html.empty() ? "" : "<ul class=\"problems\">\n" + html + "</ul>\n";
}

std::string section(const CheckedSet& checked, int64_t count) {
  const CheckReport& report = checked.report;
  std::vector<HtmlFact> facts = {{"pictures", std::to_string(report.samples)},
                                 {"masks", std::to_string(report.masks)},
                                 {"inside", fmt::format("{:.1f} %", 100 * report.mean_inside_share)},
                                 {"smallest", size_text(report.smallest)},
                                 {"median", size_text(report.median)},
                                 {"largest", size_text(report.largest)},
                                 {"problems", std::to_string(report.problems.size())}};
  const Dataset& dataset = *checked.set.dataset;
  const int64_t shown = std::min(count, dataset.size());
  std::string pictures;
  for (int64_t i = 0; i < shown; ++i) pictures += thumbnail(dataset, i * dataset.size() / shown);
  return fmt::format("<h2>{}</h2>\n{}{}<div class=\"sheet\">\n{}</div>\n", escape_html(checked.set.name),
                     html_facts(facts), problem_list(report), pictures);
}

}  // namespace

void write_contact_sheet(const std::filesystem::path& path, const std::vector<CheckedSet>& sets, int64_t count) {
  std::string html = "<h1>Data sets</h1>\n";
  for (const CheckedSet& set : sets) html += section(set, count);
  write_file(path, html_page("Data sets", html));
}

}  // namespace hqsam
