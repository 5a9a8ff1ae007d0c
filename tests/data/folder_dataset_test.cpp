// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_dataset.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

// Pictures and masks b, a, c in im/ and gt/.
struct Folders {
  testing_support::TemporaryFolder temporary;
  const std::filesystem::path root = temporary.path;
  SetOptions options;

  Folders() {
    options = {.name = "set", .images = root / "im", .masks = root / "gt"};
    std::filesystem::create_directories(options.images);
    std::filesystem::create_directories(options.masks);
    for (const char* stem : {"b", "a", "c"}) {
      write_image(options.images / (std::string(stem) + ".jpg"), random_picture({24, 32}, 3, 1));
      write_image(options.masks / (std::string(stem) + ".png"), label_with_square({24, 32}, 4, 4, 8));
    }
  }
};

}  // namespace

TEST(FolderDataset, PairsPicturesAndMasksByStemInSortedOrder) {
  const Folders folders;
  const FolderDataset dataset(folders.options);
  ASSERT_EQ(dataset.size(), 3);
  const char* names[] = {"a", "b", "c"};
  for (int64_t i = 0; i < 3; ++i) {
    const Sample sample = dataset.get(i);
    EXPECT_EQ(sample.set, "set");
    EXPECT_EQ(sample.name, names[i]);
    EXPECT_EQ(sample.image_path, dataset.path(i));
    EXPECT_EQ(sample.image.channels, 3);
    ASSERT_EQ(sample.labels.size(), 1u);
    EXPECT_EQ(sample.labels[0], label_with_square({24, 32}, 4, 4, 8));
    EXPECT_EQ(sample.zero_one_labels, 0);
  }
}

TEST(FolderDataset, TakesPicturesAndMasksSideBySideInOneFolder) {
  const Folders folders;
  SetOptions options = folders.options;
  for (const char* file : {"a.png", "b.png", "c.png"}) {
    std::filesystem::copy_file(options.masks / file, options.images / file);
  }
  options.masks = options.images;
  EXPECT_EQ(FolderDataset(options).size(), 3);
  EXPECT_EQ(FolderDataset(options).get(1).labels[0], label_with_square({24, 32}, 4, 4, 8));
}

TEST(FolderDataset, MatchesExtensionsInAnyCaseAndPassesOverHiddenFiles) {
  const Folders folders;
  std::filesystem::rename(folders.options.images / "a.jpg", folders.options.images / "a.JPG");
  write_file(folders.options.images / "._b.jpg", "not a picture");
  write_file(folders.options.images / "notes.txt", "not a picture");
  const FolderDataset dataset(folders.options);
  ASSERT_EQ(dataset.size(), 3);
  EXPECT_EQ(dataset.get(0).name, "a");
}

TEST(FolderDataset, LeavesOutPicturesWithoutMasks) {
  const Folders folders;
  for (int i = 0; i < 7; ++i) {
    write_image(folders.options.images / ("z" + std::to_string(i) + ".jpg"), random_picture({8, 8}, 3, 1));
  }
  EXPECT_EQ(FolderDataset(folders.options).size(), 3);
}

TEST(FolderDataset, IsRefusedBeforeARunWhereOneMaskDiffersInSize) {
  const Folders folders;
  look_before_run("set", FolderDataset(folders.options), 2, OnError::kStop);
  write_image(folders.options.masks / "b.png", label_with_square({24, 31}, 4, 4, 8));
  const FolderDataset dataset(folders.options);
  EXPECT_PRED2(contains, error_of([&] { look_before_run("set", dataset, 2, OnError::kStop); }), "b.png is 31x24");
  look_before_run("set", dataset, 2, OnError::kSkip);
  for (const char* name : {"a.jpg", "b.jpg", "c.jpg"}) write_file(folders.options.images / name, "spoilt");
  EXPECT_PRED2(contains, error_of([&] { look_before_run("set", dataset, 2, OnError::kSkip); }), "none can be read");
}

TEST(FolderDataset, NamesSomeOfBothWhereNamesDoNotMatch) {
  const Folders folders;
  std::filesystem::rename(folders.options.masks / "b.png", folders.options.masks / "other.png");
  const std::string message = error_of([&] { FolderDataset{folders.options}; });
  for (const char* part : {"1 of 3 pictures", "b.jpg", "other.png", "mask_name"}) EXPECT_PRED2(contains, message, part);
}

TEST(FolderDataset, LeavesOutMasksWithoutAPicture) {
  const Folders folders;
  std::filesystem::remove(folders.options.images / "b.jpg");
  EXPECT_EQ(FolderDataset(folders.options).size(), 2);
}

TEST(FolderDataset, RefusesMissingAndEmptyFoldersAndTwinStems) {
  const Folders folders;
  SetOptions options = folders.options;
  options.images = folders.root / "nowhere";
  EXPECT_PRED2(contains, error_of([&] { FolderDataset{options}; }), "nowhere");
  options = folders.options;
  options.image_ext = ".tif";
  EXPECT_EQ(FolderDataset{options}.size(), 3);  // JPEGs of the masks' names, with a warning
  options.image_ext = "_im.tif";
  EXPECT_PRED2(contains, error_of([&] { FolderDataset{options}; }), "no *_im.tif");
  std::filesystem::copy_file(folders.options.images / "a.jpg", folders.options.images / "a.JPG");
  EXPECT_PRED2(contains, error_of([&] { FolderDataset{folders.options}; }), "share a stem");
}

TEST(FolderDataset, NamesBothFilesAndSizesWhereTheyDiffer) {
  const Folders folders;
  write_image(folders.options.masks / "b.png", Image(20, 30, 1));
  const FolderDataset dataset(folders.options);
  EXPECT_NO_THROW(dataset.get(0));
  const std::string message = error_of([&] { dataset.get(1); });
  for (const char* part : {"b.jpg", "32x24", "b.png", "30x20"}) EXPECT_PRED2(contains, message, part);
}

TEST(FolderDataset, ReadsZeroOneMasksAsZeroTo255) {
  const Folders folders;
  write_image(folders.options.masks / "b.png", label_with_square({24, 32}, 4, 4, 8, 1));
  write_image(folders.options.masks / "c.png", Image(24, 32, 1));
  const FolderDataset dataset(folders.options);
  const Sample scaled = dataset.get(1), empty = dataset.get(2);
  EXPECT_EQ(scaled.labels[0], label_with_square({24, 32}, 4, 4, 8));
  EXPECT_EQ(scaled.zero_one_labels, 1);
  EXPECT_EQ(empty.labels[0], Image(24, 32, 1));
  EXPECT_EQ(empty.zero_one_labels, 0);
}

TEST(FolderDataset, NamesTheFileThatIsCutOffOrNoPicture) {
  const Folders folders;
  const std::string whole = read_file(folders.options.masks / "a.png");
  write_file(folders.options.masks / "a.png", whole.substr(0, whole.size() / 2));
  write_file(folders.options.images / "b.jpg", "no picture at all");
  write_file(folders.options.images / "c.jpg", "");
  const FolderDataset dataset(folders.options);
  EXPECT_PRED2(contains, error_of([&] { dataset.get(0); }), "a.png");
  EXPECT_PRED2(contains, error_of([&] { dataset.get(1); }), "b.jpg");
  EXPECT_PRED2(contains, error_of([&] { dataset.get(2); }), "c.jpg");
  EXPECT_PRED2(contains, error_of([&] { dataset.get(3); }), "3 samples");
  EXPECT_PRED2(contains, error_of([&] { dataset.get(-1); }), "-1");
}

namespace {

// A PNG with an eXIf chunk that says `orientation`.
void write_tagged(const std::filesystem::path& path, const Image& image, char orientation) {
  std::string png = encode_image(image, ".png");
  const std::string exif =
      std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + orientation + std::string("\0\0\0\0\0\0", 6);
  std::string chunk = "eXIf" + exif;
  uint32_t crc = 0xffffffffU;
  for (const char c : chunk) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  const auto number = [](uint32_t value) {
    std::string text(4, '\0');
    for (size_t i = 0; i < 4; ++i) text[i] = static_cast<char>(value >> (24 - 8 * i));
    return text;
  };
  png.insert(33, number(static_cast<uint32_t>(exif.size())) + chunk + number(~crc));  // behind the header
  write_file(path, png);
}

// A set of one picture, stored as 24 x 32 (height x width) with orientation 6, and this mask.
Sample tagged_sample(const Image& mask, char mask_orientation, ExifRule rule) {
  const testing_support::TemporaryFolder temporary;
  SetOptions options = {.name = "set", .images = temporary.path / "im", .masks = temporary.path / "gt"};
  options.exif = rule;
  std::filesystem::create_directories(options.images);
  std::filesystem::create_directories(options.masks);
  write_tagged(options.images / "a.png", random_picture({24, 32}, 3, 1), 6);
  write_tagged(options.masks / "a.png", mask, mask_orientation);
  return FolderDataset(options).get(0);
}

}  // namespace

TEST(FolderDataset, TurnsPicturesAndMasksUpright) {
  const Image stored = label_with_square({24, 32}, 4, 2, 6), shown = label_with_square({32, 24}, 16, 4, 6);
  EXPECT_EQ(tagged_sample(shown, 1, ExifRule::kAuto).labels[0], shown);   // made of the upright picture
  EXPECT_EQ(tagged_sample(stored, 1, ExifRule::kAuto).labels[0], shown);  // of the stored one: only its size fits
  EXPECT_EQ(tagged_sample(stored, 6, ExifRule::kAuto).labels[0], shown);  // with a tag of its own
  EXPECT_EQ(tagged_sample(shown, 6, ExifRule::kAuto).labels[0], shown);   // with a tag that was copied along
  const Sample ignored = tagged_sample(stored, 1, ExifRule::kIgnore);
  EXPECT_EQ(ignored.labels[0], stored);
  EXPECT_EQ(ignored.image, random_picture({24, 32}, 3, 1));
  EXPECT_PRED2(contains, error_of([&] { tagged_sample(stored, 1, ExifRule::kApply); }), "differ in size");
}

TEST(SetOptions, RefusesWhatCannotWork) {
  const SetOptions good = {.name = "set", .images = "im", .masks = "gt"};
  EXPECT_NO_THROW(good.validate());
  SetOptions options = good;
  options.name = "";
  EXPECT_THROW(options.validate(), Error);
  options = good;
  options.image_ext = "jpg";
  EXPECT_PRED2(contains, error_of([&] { options.validate(); }), "image_ext");
  options = good;
  options.weight = 0;
  EXPECT_PRED2(contains, error_of([&] { options.validate(); }), "weight");
}

}  // namespace hqsam
