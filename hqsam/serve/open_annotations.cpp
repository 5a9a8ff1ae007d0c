// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <sstream>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/serve/annotation_folder.h"
#include "hqsam/serve/wire.h"

// Opening a folder that another run, or a kill, has left.

namespace hqsam {
namespace {

namespace fs = std::filesystem;
constexpr const char* kAnnotate = "annotate";

std::vector<PictureRecord> read_all(const fs::path& folder) {
  std::vector<PictureRecord> records;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".json" || path.filename().string().starts_with('.')) continue;
    records.push_back(annotation_of_json(path.string(), read_file(path)));
    records.back().stem = path.stem().string();
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.stem < b.stem; });
  return records;
}

// The mask that a file holds; nothing where it is damaged or of another picture.
std::optional<PackedMask> mask_in(const fs::path& path, Size size) {
  try {
    const Image gray = read_gray(path);
    if (gray.size() != size) return {};
    PackedMask mask = pack_tightly(threshold_label(gray));
    if (mask.area == 0) return {};
    return mask;
  } catch (const Error&) {
    return {};
  }
}

// The number behind the stem in a mask's file name, or 0.
int64_t number_of(const std::string& file_stem, const std::string& stem) {
  if (!file_stem.starts_with(stem + "_")) return 0;
  const std::string digits = file_stem.substr(stem.size() + 1);
  const bool number = !digits.empty() && digits.size() <= 10 && digits.front() != '0' &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoll(digits) : 0;
}

}  // namespace

void StemBook::take(const std::string& stem) { taken_.insert(lower_case(stem)); }

std::string StemBook::free_stem(const std::string& picture_name) {
  constexpr size_t kLongest = 150;  // bytes; names of files may have 255
  const auto is_free = [&](const std::string& stem) { return !taken_.contains(lower_case(stem)); };
  std::string whole = picture_name;
  std::replace(whole.begin(), whole.end(), '/', '_');
  const size_t dot = whole.rfind('.');
  std::string stem = whole.substr(0, dot);
  if (stem.size() > kLongest) stem = std::string(whole_characters(stem, kLongest));
  if (!is_free(stem) && dot != std::string::npos) stem += "_" + whole.substr(dot + 1);
  const std::string base = stem;
  for (int number = 2; !is_free(stem); ++number) stem = fmt::format("{}_{}", base, number);
  take(stem);
  return stem;
}

void AnnotationFolder::read_annotations(const std::vector<ListedPicture>& pictures) {
  std::map<std::string, PictureRecord> known;
  StemBook stems;
  for (PictureRecord& record : read_all(folder_ / "annotations")) {
    stems.take(record.stem);
    const std::string name = record.name, stem = record.stem;
    if (!known.emplace(name, std::move(record)).second) {
      fail(kAnnotate, "two files in {} are of the picture {} ({} and {}.json): take one away",
           (folder_ / "annotations").string(), name, known.at(name).stem + ".json", stem);
    }
  }
  for (const ListedPicture& picture : pictures) {
    PictureRecord record{.name = picture.name, .size = picture.size};
    if (const auto at = known.find(picture.name); at != known.end()) {
      record = std::move(at->second);
      known.erase(at);
      if (!record.objects.empty() && record.size != picture.size) {
        fail(kAnnotate, "{} has {}x{} pixels, but was annotated with {}x{}: put the former picture back, or remove {}",
             picture.path.string(), picture.size.width, picture.size.height, record.size.width, record.size.height,
             (folder_ / "annotations" / (record.stem + ".json")).string());
      }
      record.size = picture.size;
      mend_masks(record);
    } else {
      record.stem = stems.free_stem(picture.name);
    }
    stems_.push_back(record.stem);
    records_.push_back(std::make_shared<const PictureRecord>(std::move(record)));
  }
  for (auto& [name, record] : known) {
    spdlog::warn("{} is annotated, but not among the pictures: it is kept, and left out of training", name);
    others_.push_back(std::make_shared<const PictureRecord>(std::move(record)));
  }
}

void AnnotationFolder::mend_masks(PictureRecord& record) {
  const fs::path json = folder_ / "annotations" / (record.stem + ".json");
  std::error_code error;
  const auto written = fs::last_write_time(json, error);
  bool changed = false;
  for (AnnotationObject& object : record.objects) {
    const fs::path file = mask_file(record.stem, object.id);
    const auto own = fs::last_write_time(file, error);
    if (!error && own < written) continue;  // the clock of files ticks slowly
    const std::optional<PackedMask> drawn = error ? std::nullopt : mask_in(file, record.size);
    const PackedMask mask = object.mask(record.size);
    if (drawn && *drawn == mask) continue;
    if (!drawn) {
      write_mask(record.stem, object, mask);
      spdlog::info("made {} anew", file.string());
      changed = true;
      continue;
    }
    object.set_mask(*drawn);
    changed = object.edited = true;
    spdlog::info("{} is newer than its JSON, and taken over", file.string());
  }
  if (!changed) return;
  ++record.revision;
  write(record);
}

void AnnotationFolder::put_orphans_aside() const {
  std::map<std::string, const PictureRecord*> by_stem;
  for (const auto* all : {&records_, &others_}) {
    for (const Record& record : *all) by_stem[record->stem] = record.get();
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "masks")) {
    const std::string stem = entry.path().stem().string();
    const size_t mark = stem.rfind('_');
    if (entry.path().extension() != ".png" || mark == std::string::npos) continue;
    const auto record = by_stem.find(stem.substr(0, mark));
    if (record == by_stem.end()) continue;
    const int64_t number = number_of(stem, record->first);
    if (number == 0 || record->second->find(number) != nullptr) continue;
    const fs::path aside = folder_ / "masks" / "of_no_object";
    std::error_code error;
    fs::create_directories(aside, error);
    if (!error) fs::rename(entry.path(), aside / entry.path().filename(), error);
    spdlog::info("{} is of no object: {}", entry.path().string(),
                 error ? error.message() : "moved to " + aside.string());
  }
}

void AnnotationFolder::read_classes(const std::vector<std::string>& wanted) {
  std::vector<std::string> all = wanted;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  };
  const fs::path file = folder_ / "classes.txt";
  if (fs::exists(file)) {
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
      while (line.ends_with('\r') || line.ends_with(' ')) line.pop_back();
      add(line);
    }
  }
  for (const auto* records : {&records_, &others_}) {
    for (const Record& record : *records) {
      for (const AnnotationObject& object : record->objects) add(object.category);
    }
  }
  check_classes(all);
  classes_ = all;
  write_classes();
}

}  // namespace hqsam
