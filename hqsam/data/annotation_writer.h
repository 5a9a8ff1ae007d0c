// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hqsam/core/choose.h"
#include "hqsam/data/dataset.h"
#include "hqsam/mask/rle.h"

namespace hqsam {

// Masks of pictures as files of an annotation format; a file of its own writes each.
enum class AnnotationFormat {
  kCoco,     // images/, annotations.json: one JSON of all pictures
  kYolo,     // images/, labels/, data.yaml: a text of polygons for each picture, as ultralytics reads it
  kLabelme,  // a JSON of shapes beside each picture
  kMasks,    // im/, gt/: PNG files of 0 and 255
};

inline constexpr Choice<AnnotationFormat> kAnnotationFormats[] = {{AnnotationFormat::kCoco, "coco"},
                                                                  {AnnotationFormat::kYolo, "yolo"},
                                                                  {AnnotationFormat::kLabelme, "labelme"},
                                                                  {AnnotationFormat::kMasks, "masks"}};

struct WriterOptions {
  AnnotationFormat format = AnnotationFormat::kCoco;
  std::filesystem::path folder;      // that all files go to
  bool polygons = false;             // kCoco: polygons in place of run lengths
  bool rasters = false;              // kLabelme: shapes of the type mask in place of polygons
  bool label_pictures = false;       // kMasks: one PNG for each picture, whose values are the objects' numbers
  double simplify = 0;               // pixels by which polygons may depart; 0: exact
  std::vector<std::string> classes;  // kYolo: class 0, 1, ...; empty: those that come, by their numbers
  bool keep_numbers = false;         // kYolo: a category's number is its class, whichever come
  void validate() const;
};

struct MaskToWrite {
  Rle rle;                      // of the picture's size
  MaskInfo info = {};           // area below 0: counted
  std::optional<double> score;  // a prediction's; kCoco alone keeps it
  std::optional<int64_t> id;    // kCoco: of the annotation; none: 1, 2, ...
  std::string members;          // kCoco: a JSON object whose members the annotation gets besides; "": none
  const Image* soft = nullptr;  // the mask with its gray edges, of the picture's size; kMasks alone keeps them
};

struct PictureToWrite {
  std::string name;           // of the picture's file, within picture_folder(), parted by '/'
  std::string path;           // kLabelme: where its JSON says the picture lies; "": beside it
  Size size;                  // upright
  std::optional<int64_t> id;  // kCoco: of the image; none: 1, 2, ... Either all pictures have one or none
  std::vector<MaskToWrite> masks;
  const Image* unknown = nullptr;  // 255 where nobody knows; kMasks with label_pictures alone keeps it
  bool federated = false;          // see Sample
  std::vector<int64_t> negative_categories, not_exhaustive_categories;
};

// Pictures that belong together: the sets of a config come one after another.
struct SetToWrite {
  std::string name;  // the first part of its pictures' names, and of its file's; "": the only set
  bool validation = false;
  std::vector<std::string> names;  // of all its pictures, where they are known
};

// What is written of one picture: whole files, which may be written at any time, and what is left to do when it is the
// picture's turn. left_out: the format has no place for the picture.
struct PreparedPicture {
  struct File {
    std::filesystem::path path;
    std::string bytes;
  };
  std::vector<File> files;
  std::function<void()> commit;
  int64_t masks = 0;  // that are written
  bool left_out = false;

  void write_files() const;  // and the folders on their way
};

// begin_set, pictures, begin_set, ..., finish. What a format cannot keep is counted. Without finish() the files that
// stand for all pictures (COCO's JSON, data.yaml) do not appear. Throws Error where a file cannot be written.
class AnnotationWriter {
 public:
  explicit AnnotationWriter(WriterOptions options) : options_(std::move(options)) {}
  virtual ~AnnotationWriter() = default;

  virtual void begin_set(const SetToWrite& set) = 0;
  // The work of one picture; safe to call from several threads. Throws Error where the picture has masks of another
  // size or a name that the format cannot hold.
  PreparedPicture prepare(const PictureToWrite& picture);
  // The picture all at once; false where it is left out.
  bool add(const PictureToWrite& picture);
  virtual void finish() = 0;

  virtual std::filesystem::path picture_folder() const = 0;
  // "3 masks had soft edges, cut at 128; 2 crowd regions are left out", or "".
  std::string losses() const;

 protected:
  enum Loss { kSoft, kCrowd, kEmpty, kCategory, kUnknown, kScore, kNoMasks, kOverlap, kHidden, kLossCount };
  virtual PreparedPicture prepare_picture(const PictureToWrite& picture) = 0;
  void lose(Loss loss, int64_t count = 1) { lost_[loss] += count; }
  const WriterOptions& options() const { return options_; }

 private:
  WriterOptions options_;
  std::array<std::atomic<int64_t>, kLossCount> lost_ = {};
};

std::unique_ptr<AnnotationWriter> make_annotation_writer(const WriterOptions& options);
// One for each format; make_annotation_writer calls them.
std::unique_ptr<AnnotationWriter> make_coco_writer(const WriterOptions& options);
std::unique_ptr<AnnotationWriter> make_yolo_writer(const WriterOptions& options);
std::unique_ptr<AnnotationWriter> make_labelme_writer(const WriterOptions& options);
std::unique_ptr<AnnotationWriter> make_mask_writer(const WriterOptions& options);

// COCO's x, y, width, height of a mask's bounding_box.
std::array<double, 4> coco_bbox(const Box& box);
// A mask's category for people: its name, or its number where it has none; "object" without either.
std::string category_label(const MaskInfo& info);
// Writes a file whole and makes the folders on its way.
void write_file_in_folders(const std::filesystem::path& path, std::string_view bytes);
// The files in a folder and those in it that were there before `start` and were not written since: readers would take
// them for a part of the set.
std::vector<std::string> untouched_since(std::time_t start, const std::filesystem::path& folder);
// "a/b.jpg" -> "a/b"
std::string stem_of(const std::string& name);

}  // namespace hqsam
