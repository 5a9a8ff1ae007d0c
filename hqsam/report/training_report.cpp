// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/training_report.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/report/curve_plot.h"
#include "hqsam/report/glossary.h"
#include "hqsam/report/run_log.h"
#include "hqsam/report/training_samples.h"
#include "hqsam/report/training_validations.h"

namespace hqsam {
namespace {

constexpr size_t kFilm = 8;  // pictures of one sample over time

using Numbers = std::map<std::string, double>;

std::string number_cell(const Numbers& numbers, const std::string& name, int digits) {
  const auto at = numbers.find(name);
  return at == numbers.end() ? "&ndash;" : fmt::format("{:.{}f}", at->second, digits);
}

// Names for people; others stay as they are.
std::string title_of(const std::string& name) {
  static const std::map<std::string, std::string> titles = {{"images_per_s", "Speed, images/s"},
                                                            {"data_wait", "Share of the time spent waiting for data"},
                                                            {"grad_norm", "Norm of the gradient"},
                                                            {"memory_gib", "Memory, GiB, peak"},
                                                            {"device_memory_gib", "Device memory, GiB, peak"}};
  const auto at = titles.find(name);
  return at == titles.end() ? name : at->second;
}

class Page {
 public:
  Page(std::filesystem::path folder, const TrainingReportOptions& options)
      : folder_(std::move(folder)), options_(options) {
    for (RunLine& line : read_run_log(folder_ / "metrics.jsonl")) {
      last_step_ = std::max(last_step_, line.step);
      if (!line.valid.empty()) validations_.add(line);
      if (line.type == "step")
        steps_.push_back(std::move(line));
      else if (line.type == "epoch")
        epochs_.push_back(std::move(line));
    }
  }

  std::string body() const {
    return fmt::format("<h1>{}</h1>\n", escape_html(options_.title)) + html_facts(progress()) + tiles() + curves() +
           samples() + epochs() + glossary() + about();
  }

 private:
  std::vector<HtmlFact> progress() const {
    std::vector<HtmlFact> facts = {{"epochs", std::to_string(epochs_.size())}, {"steps", std::to_string(last_step_)}};
    if (const std::string counted = validations_.counted(); !counted.empty()) {
      facts.emplace_back("validated on", counted);
    }
    const double seconds = seconds_in_steps();
    if (seconds > 0) facts.emplace_back("time in steps", human_seconds(seconds));
    if (!steps_.empty()) {
      const auto skipped = steps_.back().numbers.find("skipped");
      if (skipped != steps_.back().numbers.end() && skipped->second > 0) {
        facts.emplace_back("skipped steps", fmt::format("{:.0f}", skipped->second));
      }
    }
    return facts;
  }

  double seconds_in_steps() const {
    double seconds = 0;
    for (const RunLine& line : steps_) {
      const auto speed = line.numbers.find("images_per_s");
      if (speed == line.numbers.end() || !(speed->second > 0)) continue;
      seconds += static_cast<double>(options_.batch_size) / speed->second;
    }
    return std::isfinite(seconds) ? seconds : 0;
  }

  std::string tiles() const {
    std::vector<HtmlFact> tiles = validations_.tiles();
    if (!epochs_.empty()) {
      const Numbers& last = epochs_.back().numbers;
      tiles.emplace_back("loss, mean of the last epoch", number_cell(last, "loss", 4));
      tiles.emplace_back("images/s in the last epoch", number_cell(last, "images_per_s", 1));
    }
    return tiles.empty() ? "" : html_tiles(tiles);
  }

  // One number of each line that has it.
  static Curve curve_of(const std::vector<RunLine>& lines, Numbers RunLine::*numbers, const std::string& name,
                        const std::string& label) {
    Curve curve{label, {}, ""};
    for (const RunLine& line : lines) {
      const auto at = (line.*numbers).find(name);
      if (at != (line.*numbers).end()) curve.points.push_back({static_cast<double>(line.step), at->second});
    }
    return curve;
  }

  static std::set<std::string> names_of(const std::vector<RunLine>& lines, Numbers RunLine::*numbers) {
    std::set<std::string> names;
    for (const RunLine& line : lines) {
      for (const auto& [name, value] : line.*numbers) names.insert(name);
    }
    return names;
  }

  std::string curves() const {
    std::vector<std::string> figures;
    CurvePlot loss{"Loss", "step", {}, {}, {}, ""};
    std::vector<CurvePlot> others;
    for (const std::string& name : names_of(steps_, &RunLine::numbers)) {
      if (name == "skipped" || name == "seconds_left") continue;
      const bool is_loss = name == "loss" || name.starts_with("loss_");
      Curve curve = curve_of(steps_, &RunLine::numbers, name, name == "loss" ? "total" : title_of(name));
      if (is_loss && name != "loss") curve.label = name.substr(5);
      if (is_loss)
        loss.curves.push_back(std::move(curve));
      else if (name == "lr")
        others.insert(others.begin(), {"Learning rate", "step", {curve}, 0, {}, ""});
      else
        others.push_back({title_of(name), "step", {curve}, 0, {}, ""});
    }
    if (steps_.size() > kCurveBins) loss.note = "Means of neighbouring steps, over the range of their values.";
    figures.push_back(curve_plot(loss));
    for (const CurvePlot& plot : validations_.plots()) figures.push_back(curve_plot(plot));
    for (const CurvePlot& plot : others) figures.push_back(curve_plot(plot));
    const std::string grid = plot_grid(figures);
    const std::vector<std::string> zeros = validations_.zeros();
    const std::string note =
        zeros.empty() ? "" : fmt::format("<p class=\"soft\">0 in every validation: {}.</p>\n", fmt::join(zeros, "; "));
    return grid.empty() ? "" : "<h2>Curves</h2>\n" + grid + note;
  }

  std::string epochs() const {
    if (epochs_.empty()) return "";
    HtmlTable table;
    table.name = "Epochs";
    table.header = {"epoch", "loss", "lr", "images/s"};
    for (const std::string& title : validations_.header()) table.header.push_back(title);
    if (const auto start = validations_.start_cells()) {
      table.rows.push_back({validations_.start_title(), "", "", ""});
      table.rows.back().insert(table.rows.back().end(), start->begin(), start->end());
    }
    for (const RunLine& line : epochs_) {
      const auto lr = line.numbers.find("lr");
      table.rows.push_back({std::to_string(line.epoch), number_cell(line.numbers, "loss", 4),
                            lr == line.numbers.end() ? "&ndash;" : fmt::format("{:.3g}", lr->second),
                            number_cell(line.numbers, "images_per_s", 2)});
      const auto cells = validations_.cells(line);
      table.rows.back().insert(table.rows.back().end(), cells.begin(), cells.end());
    }
    return "<h2>Epochs</h2>\n" + html_table(table);
  }

  std::string glossary() const {
    if (validations_.empty()) return "";
    return html_glossary({miou_entry(),
                          mbiou_entry(options_.boundary_dilation),
                          interval_entry(),
                          {"model.pth", "The whole model after the last step."},
                          {"best.pth",
                           "The whole model of the validation with the best score, which is the mean mBIoU "
                           "unless train.best_metric names another."}});
  }

  std::string samples() const {
    const auto pictures = read_training_pictures(folder_, last_step_);
    std::string html;
    for (size_t first = 0; first < pictures.size();) {
      size_t end = first;
      while (end < pictures.size() && pictures[end].sample == pictures[first].sample) ++end;
      html += film({pictures.begin() + static_cast<int64_t>(first), pictures.begin() + static_cast<int64_t>(end)});
      first = end;
    }
    if (html.empty()) return "";
    return "<h2>Validation samples over time</h2>\n<p class=\"soft\">The same pictures with the prompt and the truth, "
           "then with the mask before the first step and after so "
           "many steps.</p>\n" +
           html;
  }

  // One sample's truth and its masks, evenly thinned, the first and the last kept.
  std::string film(const std::vector<TrainingPicture>& pictures) const {
    std::vector<TrainingPicture> masks, shown;
    for (const TrainingPicture& picture : pictures) (picture.step < 0 ? shown : masks).push_back(picture);
    const size_t count = std::min(masks.size(), kFilm);
    for (size_t i = 0; i < count; ++i) {
      shown.push_back(masks[count == 1 ? 0 : i * (masks.size() - 1) / (count - 1)]);
    }
    const std::string title = pictures.front().set + " / " + pictures.front().name;
    std::string figures;
    for (const TrainingPicture& picture : shown) {
      const Image image = read_image(folder_ / "samples" / picture.file);
      const std::string name = picture.step < 0    ? "Truth"
                               : picture.step == 0 ? kind_words(picture.kind)
                                                   : fmt::format("Step {}", picture.step);
      const std::string scores =
          picture.step < 0 ? "" : fmt::format(" IoU {:.1f}, boundary {:.1f}", picture.iou, picture.boundary_iou);
      figures += fmt::format("<figure>{}<figcaption><b>{}</b>{}</figcaption></figure>\n",
                             html_image(image, title + ", " + name), name, scores);
    }
    return fmt::format("<div class=\"card\"><h3>{}</h3>\n{}</div>\n", escape_html(title),
                       html_scroll("film", title + " over time", figures));
  }

  std::string about() const {
    std::string html = "<h2>The run</h2>\n";
    if (!options_.facts.empty()) {
      html += "<dl>\n";
      for (const auto& [name, value] : options_.facts) {
        html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(name), escape_html(value));
      }
      html += "</dl>\n";
    }
    if (!std::filesystem::exists(folder_ / "config.yaml")) return options_.facts.empty() ? "" : html;
    // Lines apart, since escape_html makes blanks of control characters.
    std::string config, text = read_file(folder_ / "config.yaml");
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      config += escape_html(std::string_view(text).substr(at, end - at)) + "\n";
      at = end + 1;
    }
    return html + "<details><summary>config.yaml</summary><pre tabindex=\"0\">" + config + "</pre></details>\n";
  }

  std::filesystem::path folder_;
  const TrainingReportOptions& options_;
  std::vector<RunLine> steps_, epochs_;
  TrainingValidations validations_;
  int64_t last_step_ = 0;
};

}  // namespace

void write_training_report(const std::filesystem::path& run_folder, const TrainingReportOptions& options) {
  write_file(run_folder / "report.html", html_page(options.title, Page(run_folder, options).body()));
}

}  // namespace hqsam
