// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/glossary.h"

#include <spdlog/fmt/fmt.h>

namespace hqsam {

std::string html_glossary(const std::vector<GlossaryEntry>& entries) {
  std::string html = "<h2>What the numbers mean</h2>\n<dl>\n";
  for (const auto& [name, text] : entries) html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, text);
  return html + "</dl>\n";
}

GlossaryEntry miou_entry() {
  return {
      "mIoU",
      "Intersection over union with the truth, mean over masks: the area that mask and truth share, of the area that "
      "either covers; 100 is perfect. A large object's inside decides it, its outline hardly."};
}

GlossaryEntry mbiou_entry(double dilation) {
  return {"mBIoU",
          fmt::format("The same within the boundary band, {:g} % of the diagonal wide, along both outlines: how well "
                      "edges and thin parts are met, which mIoU hardly shows.",
                      100 * dilation)};
}

GlossaryEntry interval_entry() {
  return {
      "Interval",
      "Percentile bootstrap over masks, 95 %. One that leaves out zero is a difference that chance hardly explains, "
      "and is green or red; one that holds zero says that these masks cannot tell."};
}

}  // namespace hqsam
