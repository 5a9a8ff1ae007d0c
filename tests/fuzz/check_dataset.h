// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "harness.h"
#include "hqsam/data/coco.h"
#include "hqsam/data/ytvis.h"
#include "hqsam/image/codec.h"

namespace hqsam::fuzz {

// A file in memory, for readers that take a path.
class MemoryFile {
 public:
  void write(std::string_view content) {
    require(::ftruncate(descriptor_, 0) == 0);
    require(::pwrite(descriptor_, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  }
  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_ = ::memfd_create("input", MFD_CLOEXEC);
};

// A folder with a.png and b.png of 6 x 8 pixels, until the process ends.
class PicturesFolder {
 public:
  PicturesFolder() : path_(std::filesystem::temp_directory_path() / ("fuzz_pictures." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
    for (const char* name : {"a.png", "b.png"}) write_image(path_ / name, Image(6, 8, 3, 90));
  }
  ~PicturesFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PicturesFolder(const PicturesFolder&) = delete;
  PicturesFolder& operator=(const PicturesFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Opens a set of these pictures and reads the masks of all.
template <class Open>
void read_dataset(Open open, const std::filesystem::path& annotations, const std::filesystem::path& detections = {}) {
  static const PicturesFolder pictures;
  SetOptions options;
  options.name = "set";
  options.images = pictures.path();
  options.annotations = annotations;
  options.detections = detections;
  try {
    const auto set = open(options);
    for (int64_t i = 0; i < set->size(); ++i) {
      try {
        const Sample sample = set->get(i);
        require(sample.labels.size() == sample.infos.size() && sample.skipped >= 0);
        for (const Label& label : sample.labels) require(label.size() == sample.image.size());
        require(set->masks_of(i).size() >= sample.labels.size());
      } catch (const Error& error) {
        check_message(error);
      }
    }
  } catch (const Error& error) {
    check_message(error);
  }
}

// The same of an annotation file with this content.
template <class Open>
void read_annotations(Open open, std::string_view content) {
  static MemoryFile annotations;
  annotations.write(content);
  read_dataset(open, annotations.path());
}

}  // namespace hqsam::fuzz
