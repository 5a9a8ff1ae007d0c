// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "hqsam/core/folder_lock.h"
#include "hqsam/serve/annotation.h"
#include "hqsam/serve/picture_list.h"

namespace hqsam {

// What was annotated of a list of pictures, in a folder that one process writes to. Every change is on disk when the
// call comes back: annotations/STEM.json is the truth and holds the masks too; masks/STEM_ID.png (0/255) are written
// before it. What a kill leaves is mended when the folder is opened: a mask file that is missing or damaged is made
// anew, one that is newer than its JSON and another mask (drawn in another program, or the last change before the kill)
// is taken over, one of no object is moved into masks/of_no_object.
//
// STEM is the picture's name without its ending, folders parted by '_'; where another picture has that (in any case of
// letters), the ending follows (a_png), then a number (a_png_2). A picture keeps the STEM of its JSON.
//
// All from any thread. Throws ApiError for a request that cannot be done, Error where the disk does not do it: nothing
// has changed then.
class AnnotationFolder {
 public:
  // Makes or opens the folder. classes: come first, in this order; those of classes.txt follow. Throws Error where
  // another process has it, where it holds files but none of an earlier run, and for a JSON that cannot be read.
  AnnotationFolder(std::filesystem::path folder, const std::vector<ListedPicture>& pictures,
                   const std::vector<std::string>& classes);

  const std::filesystem::path& path() const { return folder_; }
  size_t size() const { return records_.size(); }
  // A picture's as it is now. Pictures are numbered as in the list; 404 beyond it.
  std::shared_ptr<const PictureRecord> record(size_t picture) const;
  // All, and besides of pictures that are not in the list any more.
  std::vector<std::shared_ptr<const PictureRecord>> records() const;
  const std::string& stem(size_t picture) const { return stems_.at(picture); }

  // Each returns the record after it; `revision` is the one that the caller knows, or 409 with "revision" as it is.
  std::shared_ptr<const PictureRecord> put(size_t picture, int64_t revision, AnnotationObject object);
  std::shared_ptr<const PictureRecord> remove(size_t picture, int64_t revision, int64_t object);
  std::shared_ptr<const PictureRecord> set_done(size_t picture, int64_t revision, bool done);

  std::vector<std::string> classes() const;
  // 409 where a class that an object has is left out.
  void set_classes(const std::vector<std::string>& classes);

  std::filesystem::path mask_file(const std::string& stem, int64_t object) const;

 private:
  using Record = std::shared_ptr<const PictureRecord>;
  void read_annotations(const std::vector<ListedPicture>& pictures);
  void mend_masks(PictureRecord& record);
  void put_orphans_aside() const;
  void read_classes(const std::vector<std::string>& wanted);
  PictureRecord changing(size_t picture, int64_t revision) const;
  Record keep(size_t picture, PictureRecord record);
  void write(const PictureRecord& record) const;
  void write_mask(const std::string& stem, const AnnotationObject& object, const PackedMask& mask) const;
  void write_classes() const;
  std::string split_for(const std::string& name) const;

  std::filesystem::path folder_;
  FolderLock lock_;
  mutable std::mutex mutex_;
  std::vector<Record> records_, others_;
  std::vector<std::string> stems_, classes_;
};

// train or valid by the name alone: one of five is for validation.
std::string split_by_hash(const std::string& name);

// The names of pictures' files.
class StemBook {
 public:
  void take(const std::string& stem);
  std::string free_stem(const std::string& picture_name);

 private:
  std::set<std::string> taken_;  // in small letters
};

}  // namespace hqsam
