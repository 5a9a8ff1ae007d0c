// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/convert.h"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/turns.h"
#include "hqsam/data/data_file.h"
#include "hqsam/data/output_names.h"
#include "hqsam/data/shards.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

// The files behind Dataset::path: of members of shards their places.
class PictureFiles {
 public:
  DataFile find(const std::string& path) {
    std::error_code error;
    const size_t shard = path.rfind(".tar:");
    if (shard == std::string::npos || fs::exists(path, error)) return {path, path, -1, 0};
    const std::lock_guard lock(mutex_);
    const std::string archive = path.substr(0, shard + 4);
    if (archive != archive_) {
      members_.clear();
      for (const DataFile& file : files_of_shards(archive)) members_[file.label()] = file;
      archive_ = archive;
    }
    const auto at = members_.find(path);
    if (at == members_.end()) fail("convert", "{} is not in its shard any more", path);
    return at->second;
  }

 private:
  std::mutex mutex_;
  std::string archive_;
  std::map<std::string, DataFile> members_;
};

PictureToWrite picture_to_write(const Sample& sample, const std::string& name) {
  PictureToWrite picture;
  picture.name = name;
  picture.size = sample.image.size();
  for (size_t i = 0; i < sample.labels.size(); ++i) {
    MaskToWrite mask;
    mask.rle = rle_encode(threshold_label(sample.labels[i]));
    if (i < sample.infos.size()) mask.info = sample.infos[i];
    mask.soft = sample.labels[i].soft();
    picture.masks.push_back(std::move(mask));
  }
  if (!sample.unknown.pixels.empty()) picture.unknown = &sample.unknown;
  picture.federated = sample.federated;
  picture.negative_categories = sample.negative_categories;
  picture.not_exhaustive_categories = sample.not_exhaustive_categories;
  return picture;
}

// One set's pictures through the writer.
class SetConversion {
 public:
  SetConversion(const SetToConvert& set, const ConvertOptions& options, AnnotationWriter& writer)
      : set_(set), options_(options), writer_(writer) {}

  // prefix: "", or the set's folder.
  void run(const std::string& prefix, ConvertReport& report) {
    const int64_t count = set_.dataset->size();
    std::vector<std::string> paths;
    for (int64_t i = 0; i < count; ++i) paths.push_back(set_.dataset->path(i));
    names_ = output_names(paths, &report.renamed);
    for (std::string& name : names_) {
      if (!prefix.empty()) name = prefix + "/" + name;
    }
    writer_.begin_set({prefix, set_.validation, names_});
    Turns turns;  // of each picture's last part
    parallel_for(prefix.empty() ? "convert" : prefix, count, options_.workers, [&](int64_t index) {
      turns.take(index, [&report, result = work(index)]() mutable { take(result, report); });
    });
  }

 private:
  // One picture before anything of it is written.
  struct Output {
    PreparedPicture annotations;
    std::string name;  // of the picture
    std::string png;   // its bytes, where they are not the file's
    DataFile file;
    std::optional<DataBytes> bytes;
    int64_t unusable = 0;  // masks that the reader skipped
  };
  struct Result {
    std::string failure;
    std::function<void()> commit;
    bool left_out = false;
    int64_t masks = 0, unusable = 0;
  };

  static void take(Result& result, ConvertReport& report) {
    if (!result.failure.empty()) {
      report.failed.push_back(std::move(result.failure));
      return;
    }
    report.left_out += result.unusable;
    if (result.left_out) return;
    if (result.commit) result.commit();
    ++report.pictures;
    report.masks += result.masks;
  }

  // An error in reading concerns this picture only; an error in writing ends the conversion.
  Result work(int64_t index) {
    Output output;
    try {
      output = read(index);
    } catch (const std::exception& error) {
      return {set_.dataset->path(index) + ": " + error.what(), {}, false, 0, 0};
    }
    PreparedPicture& annotations = output.annotations;
    if (!annotations.left_out) write(output);
    return {"", std::move(annotations.commit), annotations.left_out, annotations.masks, output.unusable};
  }

  Output read(int64_t index) {
    const Sample sample = set_.dataset->get(index);
    Output output;
    output.unusable = sample.skipped;
    PictureToWrite picture = picture_to_write(sample, names_[index]);
    const std::string path = set_.dataset->path(index);
    if (options_.pictures) {
      output.file = files_.find(path);
      output.bytes.emplace(output.file);
      const bool anew = options_.upright || set_.options.exif == ExifRule::kIgnore;
      if (anew && exif_orientation(output.bytes->bytes()) != 1) {
        output.png = encode_image(sample.image, ".png");
        picture.name = stem_of(picture.name) + ".png";
      }
    } else if (options_.writer.format == AnnotationFormat::kLabelme) {
      const fs::path folder = (options_.writer.folder / picture.name).parent_path();
      picture.path = fs::absolute(path).lexically_relative(fs::absolute(folder)).generic_string();
    }
    output.name = picture.name;
    output.annotations = writer_.prepare(picture);
    return output;
  }

  void write(const Output& output) {
    output.annotations.write_files();
    if (!options_.pictures) return;
    const fs::path path = writer_.picture_folder() / output.name;
    if (!output.png.empty()) {
      write_file_in_folders(path, output.png);
    } else if (!options_.link || output.file.offset >= 0 || !link(output.file.path, path)) {
      write_file_in_folders(path, output.bytes->text());
    }
  }

  // False if the two are on different disks.
  static bool link(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::create_directories(to.parent_path(), error);
    fs::remove(to, error);
    fs::create_hard_link(fs::canonical(from), to, error);
    return !error;
  }

  const SetToConvert& set_;
  const ConvertOptions& options_;
  AnnotationWriter& writer_;
  PictureFiles files_;
  std::vector<std::string> names_;
};

// Unique names for the sets' folders, valid as file names.
std::vector<std::string> set_names(const std::vector<SetToConvert>& sets) {
  std::vector<std::string> names;
  if (sets.size() == 1) return {""};
  for (const SetToConvert& set : sets) {
    std::string name = set.options.name;
    for (char& c : name) {
      const bool plain = (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '-' || c == '_' || c == '.';
      if (!plain) c = '_';
    }
    if (name.starts_with('.')) name.front() = '_';
    const std::string base = std::find(names.begin(), names.end(), name) != names.end() ? name + "-valid" : name;
    name = base;
    for (int i = 2; std::find(names.begin(), names.end(), name) != names.end(); ++i)
      name = fmt::format("{}{}", base, i);
    names.push_back(name);
  }
  return names;
}

// Throws Error if the output would overwrite the set's own files.
void check_output(const std::vector<SetToConvert>& sets, const ConvertOptions& options) {
  const fs::path& folder = options.writer.folder;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    fail("convert", "{} is a file; choose a folder for the output", folder.string());
  }
  if (!fs::exists(folder, error) || fs::is_empty(folder, error)) return;
  if (!options.overwrite) fail("convert", "{} is not empty; choose another folder, or --overwrite", folder.string());
  const fs::path output = fs::weakly_canonical(folder);
  for (const SetToConvert& set : sets) {
    for (const fs::path& source : {set.options.images, set.options.masks, set.options.annotations}) {
      if (source.empty()) continue;
      const fs::path within = fs::weakly_canonical(source).lexically_relative(output);
      if (within.empty() || *within.begin() == "..") continue;
      fail("convert", "{} holds the set '{}' itself ({}); choose another folder", folder.string(), set.options.name,
           source.string());
    }
  }
}

}  // namespace

void ConvertOptions::validate() const {
  writer.validate();
  if (workers < 1 || workers > 1024) fail("ConvertOptions", "workers must be in 1..1024, got {}", workers);
  if (!pictures && (link || upright))
    fail("ConvertOptions", "link and upright are for pictures, which are not written");
}

ConvertReport convert(const std::vector<SetToConvert>& sets, const ConvertOptions& options) {
  options.validate();
  if (sets.empty()) fail("convert", "there is no set to convert");
  check_output(sets, options);
  const std::unique_ptr<AnnotationWriter> writer = make_annotation_writer(options.writer);
  const std::time_t start = std::time(nullptr);
  ConvertReport report;
  const std::vector<std::string> names = set_names(sets);
  for (size_t i = 0; i < sets.size(); ++i) {
    SetConversion(sets[i], options, *writer).run(names[i], report);
  }
  writer->finish();
  report.losses = writer->losses();
  if (options.overwrite) report.strangers = untouched_since(start, options.writer.folder);
  return report;
}

}  // namespace hqsam
