// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/folder_dataset.h"

#include <gtest/gtest.h>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
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
