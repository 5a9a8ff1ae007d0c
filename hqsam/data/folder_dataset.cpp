// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_dataset.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/text.h"
#include "hqsam/image/orientation.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLookedAt = 128;  // masks from which a set's kind is decided

// A mask is turned by its own tag, unless its stored pixels already have the upright picture's size: some tools copy
// the picture's tag.
Raster read_mask_raster(const DataFile& file, const DataFile& picture, ExifRule rule) {
  const DataBytes bytes(file);
  Raster raster = decode_raster(bytes.bytes(), file.label());
  if (raster.orientation == 1 || rule == ExifRule::kIgnore) return raster;
  if (turns_sideways(raster.orientation)) {
    const PictureHeader header = header_of(picture);
    const Size shown = upright_size(header.stored, header.orientation);
    if (raster.size() == shown && upright_size(raster.size(), raster.orientation) != shown) return raster;
  }
  return upright(std::move(raster));
}

std::string shown(Size size) { return fmt::format("{}x{}", size.width, size.height); }

// The turn, as an EXIF orientation, that brings a mask to its picture's frame. Throws Error where its size fits none.
int require_turn(Size mask, const std::string& mask_name, const FramedPicture& picture, const std::string& picture_name,
                 ExifRule rule) {
  if (const auto turn = turn_to_picture(mask, picture, rule)) return *turn;
  fail("FolderDataset::get", "{} is {} but its {} is {} (width x height); they must be equal", picture_name,
       shown(picture.image.size()), mask_name, shown(mask));
}

// A folder's files, without those of subfolders that are named as folders of their own.
std::vector<DataFile> without_folders(std::vector<DataFile> files, const fs::path& own,
                                      std::initializer_list<fs::path> others) {
  for (const fs::path& other : others) {
    if (other.empty()) continue;
    const fs::path below = other.lexically_normal().lexically_relative(own.lexically_normal());
    if (below.empty() || below == "." || below.begin()->string() == "..") continue;
    const std::string prefix = below.generic_string() + "/";
    std::erase_if(files, [&](const DataFile& file) { return file.name.starts_with(prefix); });
  }
  return files;
}

SetFiles list_files(const SetOptions& options) {
  const auto list = [&](const fs::path& folder) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
      fail("FolderDataset", "data set '{}': no folder {}", options.name, folder.string());
    }
    return files_in(folder);
  };
  SetFiles files;
  files.together = options.masks.empty() || options.images.lexically_normal() == options.masks.lexically_normal();
  files.images = without_folders(list(options.images), options.images, {options.masks, options.coarse});
  files.masks = files.together ? files.images : without_folders(list(options.masks), options.masks, {options.coarse});
  if (!options.coarse.empty()) files.coarse = list(options.coarse);
  return files;
}

SetOptions checked(SetOptions options) {
  options.validate();
  if (options.format == SetFormat::kDavis && options.mask.kind == MaskFileKind::kAuto) {
    options.mask.kind = MaskFileKind::kIds;
  }
  return options;
}

}  // namespace

struct FolderDataset::OpenMask {
  MaskFile file;
  const DataFile* source = nullptr;

  int turn_to(const FramedPicture& picture, const std::string& picture_name, ExifRule rule) const {
    return require_turn(file.size(), "mask " + source->label(), picture, picture_name, rule);
  }
};

FolderDataset::FolderDataset(SetOptions options) : FolderDataset(options, list_files(options)) {}

FolderDataset::FolderDataset(SetOptions options, const SetFiles& files) : options_(checked(std::move(options))) {
  pairs_ = pair_files(options_, files);
  look();
}

void FolderDataset::look() {
  const int64_t count = std::min(size(), kLookedAt);
  std::vector<SeenMask> seen;
  std::vector<std::string> other_sizes;
  std::mutex mutex;
  std::exception_ptr first_error;
  parallel_for("look at " + options_.name, count, std::max(1U, std::thread::hardware_concurrency()), [&](int64_t i) {
    const PicturePair& pair = pairs_[static_cast<size_t>(i * size() / count)];
    std::optional<FramedPicture> picture;
    try {
      picture = framed_header(pair.image, options_);
    } catch (const Error&) {  // get() will report it
    }
    for (const DataFile& file : pair.masks) {
      try {
        const Raster raster = read_mask_raster(file, pair.image, options_.exif);
        SeenMask mask{file.label(), look_at_mask(raster, file.label())};
        const std::lock_guard lock(mutex);
        seen.push_back(std::move(mask));
        if (picture && !turn_to_picture(raster.size(), *picture, options_.exif)) {
          other_sizes.push_back(fmt::format("{} is {}, its mask {}", pair.image.name, shown(picture->image.size()),
                                            shown(raster.size())));
        }
      } catch (const Error&) {
        const std::lock_guard lock(mutex);
        if (!first_error) first_error = std::current_exception();
      }
    }
  });
  if (seen.empty() && first_error) std::rethrow_exception(first_error);
  std::sort(seen.begin(), seen.end(), [](const SeenMask& a, const SeenMask& b) { return a.file < b.file; });
  std::sort(other_sizes.begin(), other_sizes.end());
  looked_at_ = static_cast<int64_t>(seen.size());
  if (!other_sizes.empty() && other_sizes.size() == seen.size()) {
    fail("FolderDataset", "data set '{}': {} of {} masks that were looked at differ in size from their pictures: {}",
         options_.name, other_sizes.size(), looked_at_, first_few(other_sizes));
  }
  reading_ = decide_mask_reading(options_.name, options_.mask, seen);
}

std::string FolderDataset::told() const {
  const std::string kind = word_of(reading_.rule.kind, kMaskFileKinds);
  if (!reading_.decided) return fmt::format("masks read as {} (mask_kind)", kind);
  std::string line = fmt::format("masks read as {}: {} of {} looked at", kind, reading_.seen, looked_at_);
  const bool labels = reading_.rule.kind == MaskFileKind::kIds;
  if (labels) line += "; each value but 0 is an object";
  if (reading_.rule.kind == MaskFileKind::kColours) line += "; each but black is an object";
  if (labels && reading_.rule.ignore && *reading_.rule.ignore >= 0) {
    line += fmt::format(", {} is unknown", *reading_.rule.ignore);
  }
  return line;
}

void FolderDataset::check_index(int64_t index) const {
  if (index >= 0 && index < size()) return;
  fail("FolderDataset::get", "data set '{}' has {} samples, got index {}", options_.name, size(), index);
}

FolderDataset::OpenMask FolderDataset::open_mask(const PicturePair& pair, const DataFile& file) const {
  Raster raster = read_mask_raster(file, pair.image, options_.exif);
  return {MaskFile(std::move(raster), reading_, file.label()), &file};
}

// The picture, and the turn of its masks; the labels are added by the callers.
Sample FolderDataset::open(int64_t index, FramedPicture& picture) const {
  const PicturePair& pair = pairs_[static_cast<size_t>(index)];
  picture = read_framed(pair.image, options_);
  Sample sample;
  sample.set = options_.name;
  sample.name = pair.name;
  sample.image_path = pair.image.label();
  sample.notes = picture.notes;
  if (!pair.coarse.empty()) {
    MaskReading coarse;
    coarse.rule.kind = MaskFileKind::kBinary;
    const MaskFile file(read_mask_raster(pair.coarse, pair.image, options_.exif), coarse, pair.coarse.label());
    const int turn =
        require_turn(file.size(), "coarse mask " + pair.coarse.label(), picture, sample.image_path, options_.exif);
    sample.coarse.push_back(upright(file.label(0), turn));
  }
  return sample;
}

void FolderDataset::add_label(Sample& sample, const FramedPicture& picture, OpenMask& mask, size_t i,
                              bool several) const {
  const int turn = mask.turn_to(picture, sample.image_path, options_.exif);
  sample.infos.push_back(mask.file.info(i));
  sample.zero_one_labels += mask.file.zero_one();
  sample.turned = sample.turned || turn != 1;
  if (sample.unknown.pixels.empty()) {
    Image unknown = mask.file.unknown();
    if (!unknown.pixels.empty()) sample.unknown = turn == 1 ? std::move(unknown) : upright(unknown, turn);
  }
  Image label = mask.file.take_label(i);  // last
  if (turn != 1) label = upright(label, turn);
  sample.labels.push_back(several ? compact_label(std::move(label)) : Label(std::move(label)));
}

Sample FolderDataset::get(int64_t index) const {
  check_index(index);
  FramedPicture picture;
  Sample sample = open(index, picture);
  const PicturePair& pair = pairs_[static_cast<size_t>(index)];
  for (const DataFile& file : pair.masks) {  // one at a time, because they are large
    OpenMask mask = open_mask(pair, file);
    const bool several = pair.masks.size() > 1 || mask.file.labels().size() > 1;
    for (size_t i = 0; i < mask.file.labels().size(); ++i) add_label(sample, picture, mask, i, several);
  }
  if (sample.labels.size() != sample.coarse.size() && !sample.coarse.empty()) {
    fail("FolderDataset::get", "{} has {} masks but one coarse mask", sample.image_path, sample.labels.size());
  }
  sample.image = std::move(picture.image);
  if (reading_.rule.kind != MaskFileKind::kClasses) sample.infos.clear();
  tally_.note(sample, options_);
  return sample;
}

Sample FolderDataset::get_one(int64_t index, const ChooseMask& choose) const {
  check_index(index);
  FramedPicture picture;
  const PicturePair& pair = pairs_[static_cast<size_t>(index)];
  std::vector<OpenMask> masks;
  for (const DataFile& file : pair.masks) masks.push_back(open_mask(pair, file));
  std::vector<MaskBrief> briefs;
  std::vector<std::pair<OpenMask*, size_t>> labels;
  for (OpenMask& mask : masks) {
    for (size_t i = 0; i < mask.file.labels().size(); ++i) {
      briefs.push_back({mask.file.labels()[i].area, false});
      labels.emplace_back(&mask, i);
    }
  }
  const int64_t chosen = choose(briefs);
  Sample sample = open(index, picture);
  if (chosen >= 0) {
    const auto& [mask, i] = labels.at(static_cast<size_t>(chosen));
    add_label(sample, picture, *mask, i, /*several=*/false);
  }
  sample.image = std::move(picture.image);
  tally_.note(sample, options_);
  return sample;
}

std::vector<MaskBrief> FolderDataset::masks_of(int64_t index) const { return briefs(index, nullptr); }

std::vector<MaskBrief> FolderDataset::checked_masks_of(int64_t index) const {
  check_index(index);
  const FramedPicture picture = framed_header(pairs_[static_cast<size_t>(index)].image, options_);
  return briefs(index, &picture);
}

std::vector<MaskBrief> FolderDataset::briefs(int64_t index, const FramedPicture* picture) const {
  check_index(index);
  const PicturePair& pair = pairs_[static_cast<size_t>(index)];
  std::vector<MaskBrief> briefs;
  for (const DataFile& file : pair.masks) {
    const OpenMask mask = open_mask(pair, file);
    if (picture != nullptr) mask.turn_to(*picture, pair.image.label(), options_.exif);
    for (const FileLabel& label : mask.file.labels()) briefs.push_back({label.area, false});
  }
  return briefs;
}

}  // namespace hqsam
