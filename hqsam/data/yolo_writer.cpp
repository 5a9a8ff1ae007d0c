// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/data/annotation_writer.h"
#include "hqsam/data/json_line.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/mask/outline.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// A share of a side; 0.0000001 of 65,536 pixels is a hundredth of a pixel, and COCO's grid is a fifth.
std::string share(double coordinate, int64_t side) {
  std::string text = fmt::format("{:.7f}", coordinate / static_cast<double>(side));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// A mask's line without its class.
std::string corners_line(const MaskToWrite& item, Size size, double simplify) {
  std::string line;
  for (const Point& corner : polygon_of_mask(rle_decode(item.rle), simplify)) {
    line += " " + share(corner.x, size.width) + " " + share(corner.y, size.height);
  }
  return line;
}

// Classes in order of appearance; files use these numbers until the set is complete.
class ClassTable {
 public:
  ClassTable(const std::vector<std::string>& fixed, bool keep_numbers)
      : fixed_(!fixed.empty()), keep_numbers_(keep_numbers) {
    for (const std::string& name : fixed) add(name, static_cast<int64_t>(entries_.size()));
  }

  // Throws Error where this cannot be a class; safe to call from several threads.
  void check(const MaskInfo& info) const {
    if (keep_numbers_ && (info.category < 0 || info.category >= kMostNumbers)) {
      fail("YoloWriter", "the category {} is not a class: expected 0 to {}", info.category, kMostNumbers - 1);
    }
    const std::string label = category_label(info);
    if (!fixed_ || numbers_.contains(label)) return;
    fail("YoloWriter", "the category '{}' is none of the {} classes that were given", label, entries_.size());
  }

  size_t number(const MaskInfo& info) {
    const std::string label = category_label(info);
    if (keep_numbers_) {
      while (std::ssize(entries_) <= info.category) add("", std::ssize(entries_));
      entries_[info.category].name = label;
      return info.category;
    }
    const auto at = numbers_.find(label);
    return at != numbers_.end() ? at->second : add(label, info.category);
  }

  // Names in their final order, and the final number for each number by appearance. Sets with numbers of their own are
  // ordered by these, others (LabelMe's) by name.
  std::vector<std::string> finish(std::vector<size_t>& last) const {
    const bool numbered = std::any_of(entries_.begin(), entries_.end(),
                                      [](const Entry& entry) { return entry.id != category_of_name(entry.name); });
    std::vector<size_t> order(entries_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (numbered || fixed_ || keep_numbers_) return entries_[a].id < entries_[b].id;
      return entries_[a].name < entries_[b].name;
    });
    last.assign(order.size(), 0);
    std::vector<std::string> names;
    for (size_t i = 0; i < order.size(); ++i) {
      last[order[i]] = i;
      const std::string& name = entries_[order[i]].name;
      names.push_back(name.empty() ? std::to_string(i) : name);
    }
    return names;
  }

 private:
  struct Entry {
    std::string name;
    int64_t id = 0;
  };

  size_t add(const std::string& name, int64_t id) {
    numbers_[name] = entries_.size();
    entries_.push_back({name, id});
    return entries_.size() - 1;
  }

  static constexpr int64_t kMostNumbers = 100'000;

  bool fixed_, keep_numbers_;
  std::map<std::string, size_t> numbers_;
  std::vector<Entry> entries_;
};

class YoloWriter : public AnnotationWriter {
 public:
  explicit YoloWriter(const WriterOptions& options)
      : AnnotationWriter(options), classes_(options.classes, options.keep_numbers) {}

  void begin_set(const SetToWrite& set) override {
    (set.validation ? valid_ : train_).push_back(set.name.empty() ? "images" : "images/" + set.name);
  }

  fs::path picture_folder() const override { return options().folder / "images"; }

  void finish() override {
    std::vector<size_t> last;
    const std::vector<std::string> names = classes_.finish(last);
    if (!std::is_sorted(last.begin(), last.end())) {
      for (const fs::path& file : files_) renumber(file, last);
    }
    std::string yaml = "# Masks as polygons, written by hqsam; paths are relative to this file.\n";
    const bool both = !train_.empty() && !valid_.empty();
    if (!both) yaml += "# One set: train and val are the same pictures until you name others.\n";
    yaml += fmt::format("train: {}\nval: {}\nnames:\n", places(train_.empty() ? valid_ : train_),
                        places(valid_.empty() ? train_ : valid_));
    for (size_t i = 0; i < names.size(); ++i) yaml += fmt::format("  {}: {}\n", i, json_line(names[i]));
    if (names.empty()) yaml += "  0: object\n";
    write_file_in_folders(options().folder / "data.yaml", yaml);
  }

 protected:
  PreparedPicture prepare_picture(const PictureToWrite& picture) override {
    if (picture.unknown != nullptr) lose(kUnknown);
    std::vector<std::pair<MaskInfo, std::string>> lines;
    for (const MaskToWrite& mask : picture.masks) {
      if (mask.score) lose(kScore);
      if (mask.info.crowd) {
        lose(kCrowd);
      } else if (rle_area(mask.rle) == 0) {
        lose(kEmpty);
      } else {
        if (mask.soft != nullptr) lose(kSoft);
        json_line(category_label(mask.info));  // throws if the name is not valid
        classes_.check(mask.info);
        lines.emplace_back(mask.info, corners_line(mask, picture.size, options().simplify));
      }
    }
    const fs::path file = options().folder / "labels" / (stem_of(picture.name) + ".txt");
    return {{}, [this, file, lines] { commit(file, lines); }, std::ssize(lines)};
  }

 private:
  static std::string places(const std::vector<std::string>& folders) {
    return folders.size() == 1 ? json_line(folders[0]) : json_line(folders);
  }

  void commit(const fs::path& file, const std::vector<std::pair<MaskInfo, std::string>>& lines) {
    std::string text;
    for (const auto& [info, corners] : lines) text += std::to_string(classes_.number(info)) + corners + "\n";
    write_file_in_folders(file, text);
    files_.push_back(file);
  }

  static void renumber(const fs::path& file, const std::vector<size_t>& last) {
    const std::string text = read_file(file);
    std::string renumbered;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at) + 1, space = text.find(' ', at);
      size_t number = 0;
      std::from_chars(text.data() + at, text.data() + space, number);
      renumbered += std::to_string(last.at(number)) + text.substr(space, end - space);
      at = end;
    }
    if (!text.empty()) write_file(file, renumbered);
  }

  ClassTable classes_;
  std::vector<std::string> train_, valid_;  // folders of pictures
  std::vector<fs::path> files_;
};

}  // namespace

std::unique_ptr<AnnotationWriter> make_yolo_writer(const WriterOptions& options) {
  return std::make_unique<YoloWriter>(options);
}

}  // namespace hqsam
