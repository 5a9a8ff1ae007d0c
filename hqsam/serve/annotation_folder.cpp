// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/annotation_folder.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/serve/api_error.h"
#include "hqsam/serve/wire.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
constexpr const char* kAnnotate = "annotate";
constexpr const char* kLock = ".lock";
constexpr size_t kMostJson = 60 << 20;  // bytes; read_file takes a little more

// A folder of other things, such as a data set, could hold files of the names that are written here.
fs::path made_folder(const fs::path& folder) {
  std::error_code none;
  const bool own = fs::exists(folder / kLock, none), used = fs::exists(folder, none) && !fs::is_empty(folder, none);
  if (used && !own) {
    fail(kAnnotate, "{} holds files that annotate did not write: take a new or an empty folder for --output",
         folder.string());
  }
  for (const char* name : {"annotations", "masks"}) {
    std::error_code error;
    fs::create_directories(folder / name, error);
    if (error) fail(kAnnotate, "cannot make the folder {}: {}", (folder / name).string(), error.message());
  }
  return folder;
}

}  // namespace

AnnotationFolder::AnnotationFolder(fs::path folder, const std::vector<ListedPicture>& pictures,
                                   const std::vector<std::string>& classes)
    : folder_(made_folder(folder)),
      lock_(folder_ / kLock, "FolderLock",
            fmt::format("annotates in {}: use its page, end it, or choose another --output", folder_.string())) {
  read_annotations(pictures);
  put_orphans_aside();
  read_classes(classes);
}

std::shared_ptr<const PictureRecord> AnnotationFolder::record(size_t picture) const {
  const std::lock_guard lock(mutex_);
  if (picture >= records_.size()) throw ApiError(404, fmt::format("there is no picture {}", picture));
  return records_[picture];
}

std::vector<std::shared_ptr<const PictureRecord>> AnnotationFolder::records() const {
  const std::lock_guard lock(mutex_);
  std::vector<Record> all = records_;
  all.insert(all.end(), others_.begin(), others_.end());
  return all;
}

PictureRecord AnnotationFolder::changing(size_t picture, int64_t revision) const {
  if (picture >= records_.size()) throw ApiError(404, fmt::format("there is no picture {}", picture));
  const PictureRecord& record = *records_[picture];
  if (record.revision != revision) {
    throw ApiError(409,
                   fmt::format("another window changed this picture (revision {}, not {}): load it again",
                               record.revision, revision),
                   {{"revision", record.revision}});
  }
  return record;
}

void AnnotationFolder::write(const PictureRecord& record) const {
  const std::string text = annotation_json(record);
  if (text.size() > kMostJson) {
    throw ApiError(413,
                   fmt::format("the masks of this picture take {} MB, {} at most", text.size() >> 20, kMostJson >> 20));
  }
  write_file(folder_ / "annotations" / (record.stem + ".json"), text);
}

AnnotationFolder::Record AnnotationFolder::keep(size_t picture, PictureRecord record) {
  ++record.revision;
  write(record);
  return records_[picture] = std::make_shared<const PictureRecord>(std::move(record));
}

fs::path AnnotationFolder::mask_file(const std::string& stem, int64_t object) const {
  return folder_ / "masks" / fmt::format("{}_{}.png", stem, object);
}

void AnnotationFolder::write_mask(const std::string& stem, const AnnotationObject& object,
                                  const PackedMask& mask) const {
  Image gray(mask.size.height, mask.size.width, 1);
  unpack_into(mask, 255, gray.pixels);
  write_image(mask_file(stem, object.id), gray);
}

std::shared_ptr<const PictureRecord> AnnotationFolder::put(size_t picture, int64_t revision, AnnotationObject object) {
  const std::lock_guard lock(mutex_);
  PictureRecord record = changing(picture, revision);
  const bool known = std::find(classes_.begin(), classes_.end(), object.category) != classes_.end();
  if (!object.category.empty() && !known) {
    throw ApiError(400, fmt::format("there is no class '{}': add it to the classes first", object.category));
  }
  auto at = std::find_if(record.objects.begin(), record.objects.end(),
                         [&](const AnnotationObject& other) { return other.id >= object.id; });
  record.next_id = std::max(record.next_id, object.id + 1);
  const bool there = at != record.objects.end() && at->id == object.id;
  if (!there || at->rle != object.rle) write_mask(record.stem, object, object.mask(record.size));
  if (there) {
    *at = std::move(object);
  } else {
    record.objects.insert(at, std::move(object));
  }
  return keep(picture, std::move(record));
}

std::shared_ptr<const PictureRecord> AnnotationFolder::remove(size_t picture, int64_t revision, int64_t object) {
  const std::lock_guard lock(mutex_);
  PictureRecord record = changing(picture, revision);
  const size_t count = std::erase_if(record.objects, [&](const AnnotationObject& other) { return other.id == object; });
  if (count == 0) throw ApiError(404, fmt::format("the picture has no object {}", object));
  const std::string stem = record.stem;
  Record kept = keep(picture, std::move(record));
  std::error_code ignored;  // what stays goes when the folder is opened next
  fs::remove(mask_file(stem, object), ignored);
  return kept;
}

std::string split_by_hash(const std::string& name) { return fingerprint(name) % 5 == 0 ? "valid" : "train"; }

// Where all others that are done are in one split, the other one gets this picture.
std::string AnnotationFolder::split_for(const std::string& name) const {
  int64_t train = 0, valid = 0;
  for (const auto* all : {&records_, &others_}) {
    for (const Record& record : *all) {
      if (record->split.empty() || !record->done || record->name == name) continue;
      ++(record->split == "train" ? train : valid);
    }
  }
  if (train > 0 && valid == 0) return "valid";
  if (valid > 0 && train == 0) return "train";
  return split_by_hash(name);
}

std::shared_ptr<const PictureRecord> AnnotationFolder::set_done(size_t picture, int64_t revision, bool done) {
  const std::lock_guard lock(mutex_);
  PictureRecord record = changing(picture, revision);
  record.done = done;
  if (done && record.split.empty()) record.split = split_for(record.name);
  return keep(picture, std::move(record));
}

std::vector<std::string> AnnotationFolder::classes() const {
  const std::lock_guard lock(mutex_);
  return classes_;
}

void AnnotationFolder::write_classes() const {
  write_file(folder_ / "classes.txt", fmt::format("{}{}", fmt::join(classes_, "\n"), classes_.empty() ? "" : "\n"));
}

void AnnotationFolder::set_classes(const std::vector<std::string>& classes) {
  const std::lock_guard lock(mutex_);
  check_classes(classes);
  for (const auto* all : {&records_, &others_}) {
    for (const Record& record : *all) {
      for (const AnnotationObject& object : record->objects) {
        if (object.category.empty() || std::find(classes.begin(), classes.end(), object.category) != classes.end()) {
          continue;
        }
        throw ApiError(409, fmt::format("the class '{}' is in use (object {} of {}): give its objects another first",
                                        object.category, object.id, record->name));
      }
    }
  }
  const std::vector<std::string> before = std::exchange(classes_, classes);
  try {
    write_classes();
  } catch (...) {
    classes_ = before;
    throw;
  }
}

}  // namespace hqsam
