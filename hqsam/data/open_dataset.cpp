// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/open_dataset.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/text.h"
#include "hqsam/data/coco.h"
#include "hqsam/data/folder_dataset.h"
#include "hqsam/data/labelme.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/recognise.h"
#include "hqsam/data/sa1b.h"
#include "hqsam/data/shards.h"
#include "hqsam/data/yolo.h"
#include "hqsam/data/ytvis.h"
#include "hqsam/image/raster.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::set<std::string> words_of(const fs::path& list) {
  std::set<std::string> words;
  const std::string text = read_file(list, kAnySize);
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string::npos) break;
    const size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    words.insert(text.substr(begin, end - begin));
    at = end;
  }
  return words;
}

std::string stem_of(const DataFile& file) { return fs::path(file.name).stem().string(); }

// Some VOC exports, such as CVAT's, have colours instead of palette indices.
bool are_coloured(const std::vector<DataFile>& masks) {
  const auto first =
      std::find_if(masks.begin(), masks.end(), [](const auto& file) { return is_picture_name(file.name); });
  if (first == masks.end()) return false;
  const Raster raster = decode_raster(DataBytes(*first).bytes(), first->label());
  return raster.palette.empty() && raster.channels >= 3;
}

// VOC's folders: only a part of JPEGImages has masks.
std::shared_ptr<const Dataset> open_voc(SetOptions options) {
  const fs::path root = options.images;
  std::error_code error;
  if (options.masks.empty()) {
    options.masks = root / "SegmentationObject";
    if (!fs::is_directory(options.masks, error)) options.masks = root / "SegmentationClass";
  }
  SetFiles files{files_in(root / "JPEGImages"), files_in(options.masks), {}};
  if (options.mask.kind == MaskFileKind::kAuto && !are_coloured(files.masks)) {
    const bool classes = options.masks.filename().string().find("Class") != std::string::npos;
    options.mask.kind = classes ? MaskFileKind::kClasses : MaskFileKind::kIds;
  }
  options.images = root / "JPEGImages";
  if (!options.split.empty()) {
    const std::set<std::string> wanted = words_of(root / "ImageSets" / "Segmentation" / (options.split + ".txt"));
    std::erase_if(files.masks, [&](const DataFile& mask) { return !wanted.contains(stem_of(mask)); });
  }
  std::set<std::string> stems;
  for (const DataFile& mask : files.masks) stems.insert(stem_of(mask));
  std::erase_if(files.images, [&](const DataFile& image) { return !stems.contains(stem_of(image)); });
  return std::make_shared<FolderDataset>(options, files);
}

// Shards hold pictures with masks, or with SA-1B's JSONs.
std::shared_ptr<const Dataset> open_shards(const SetOptions& options) {
  const std::vector<DataFile> files = files_of_shards(options.images);
  const bool json =
      std::any_of(files.begin(), files.end(), [](const DataFile& f) { return f.name.ends_with(".json"); });
  const bool masks = std::any_of(files.begin(), files.end(), [](const DataFile& f) {
    return f.name.ends_with(".png") || f.name.ends_with(".npy") || f.name.ends_with(".tif");
  });
  if (json && !masks) return open_sa1b(options, files);
  return std::make_shared<FolderDataset>(options, SetFiles{files, files, {}, /*together=*/true});
}

}  // namespace

std::shared_ptr<const Dataset> open_dataset(const SetOptions& given) {
  const SetOptions options = recognise(given);
  switch (options.format) {
    case SetFormat::kCoco:
      return open_coco(options);
    case SetFormat::kYtvis:
      return open_ytvis(options);
    case SetFormat::kYolo:
      return open_yolo(options);
    case SetFormat::kLabelme:
      return open_labelme(options);
    case SetFormat::kSa1b:
      return open_sa1b(options);
    case SetFormat::kVoc:
      return open_voc(options);
    case SetFormat::kTar:
      return open_shards(options);
    case SetFormat::kAuto:
    case SetFormat::kFolder:
    case SetFormat::kBig:
    case SetFormat::kDavis:
      break;
  }
  return std::make_shared<FolderDataset>(options);
}

void look_before_run(const std::string& name, const Dataset& dataset, int64_t workers, OnError on_error) {
  constexpr int64_t kLookedAt = 128;  // pictures
  const int64_t count = std::min(dataset.size(), kLookedAt);
  std::vector<std::vector<MaskBrief>> found(static_cast<size_t>(count));
  std::mutex mutex;
  std::vector<std::string> unread;
  parallel_for("look at " + name, count, std::max<int64_t>(workers, 1), [&](int64_t i) {
    try {
      found[static_cast<size_t>(i)] = dataset.checked_masks_of(i * dataset.size() / count);
    } catch (const Error& error) {
      if (on_error == OnError::kStop) throw;
      const std::lock_guard lock(mutex);
      unread.push_back(error.what());
    }
  });
  int64_t masks = 0, crowds = 0, empty = 0;
  for (const auto& picture : found) {
    for (const MaskBrief& mask : picture) {
      ++masks;
      crowds += mask.crowd;
      empty += !mask.crowd && mask.area == 0;
    }
  }
  const auto refuse = [&](const std::string& why) {
    fail("look_before_run", "data set '{}': {} (of {} pictures that were looked at); hqsam data check looks at all",
         name, why, count);
  };
  if (!unread.empty()) {
    std::sort(unread.begin(), unread.end());
    if (std::ssize(unread) == count) refuse("none can be read: " + unread.front());
    spdlog::warn("data set '{}': {} of {} pictures that were looked at cannot be read (data.on_error: skip): {}", name,
                 unread.size(), count, unread.front());
  }
  if (dataset.size() > count && masks == 0) return;  // pictures that were not looked at may have masks
  if (masks == 0) refuse("it has no masks");
  if (masks == crowds)
    refuse(fmt::format("all {} masks are regions of many objects (iscrowd); crowd: use takes them", masks));
  if (masks == crowds + empty) refuse(fmt::format("none of {} masks has an inside", masks));
  if (const std::string told = dataset.told(); !told.empty()) spdlog::info("data set '{}': {}", name, told);
}

}  // namespace hqsam
