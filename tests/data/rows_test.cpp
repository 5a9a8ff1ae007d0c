// SPDX-License-Identifier: Apache-2.0
// The rows of a seed, of sets as they are opened from files: the same for any number of workers and ranks, and for a
// loader that begins in the middle of an epoch.
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/fixtures.h"
#include "hqsam/core/file.h"
#include "hqsam/data/loader.h"
#include "hqsam/data/open_dataset.h"
#include "hqsam/image/codec.h"
#include "temporary_folder.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPictures = 6, kEpoch = 2, kFirst = 5;
constexpr Size kSize{48, 64};

std::string stem(int64_t i) { return fmt::format("p{}", i); }

// Objects of one picture, as COCO's uncompressed run lengths of columns.
std::string squares_of(int64_t picture, int64_t* id) {
  std::string annotations;
  for (int64_t k = 0; k <= picture % 3; ++k) {
    const int64_t before = (4 + 9 * k) * kSize.height, inside = 8 * kSize.height;
    annotations += fmt::format(
        R"({}{{"id": {}, "image_id": {}, "category_id": 1, "segmentation": {{"size": [{}, {}], "counts": [{}, {}, {}]}}}})",
        *id > 1 ? "," : "", *id, picture, kSize.height, kSize.width, before, inside,
        kSize.height * kSize.width - before - inside);
    ++*id;
  }
  return annotations;
}

class Rows : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder.path / "im");
    for (int64_t i = 0; i < kPictures; ++i) {
      write_image(folder.path / "im" / (stem(i) + ".png"), random_picture(kSize, 3, i));
    }
  }

  SetOptions options() const {
    SetOptions set;
    set.name = "rows";
    set.images = folder.path / "im";
    return set;
  }

  // Pictures of one, two or three objects.
  SetOptions coco() const {
    std::string images, annotations;
    int64_t id = 1;
    for (int64_t i = 0; i < kPictures; ++i) {
      images += fmt::format(R"({}{{"id": {}, "file_name": "{}.png"}})", i > 0 ? "," : "", i, stem(i));
      annotations += squares_of(i, &id);
    }
    write_file(folder.path / "coco.json",
               fmt::format(R"({{"images": [{}], "annotations": [{}]}})", images, annotations));
    SetOptions set = options();
    set.annotations = folder.path / "coco.json";
    set.per_picture = 0;
    return set;
  }

  // A file of labels 1, 2, 3 for each picture.
  SetOptions ids() const {
    fs::create_directories(folder.path / "gt");
    for (int64_t i = 0; i < kPictures; ++i) {
      Image labels = label_with_square(kSize, 2, 2, 12, 1);
      for (uint8_t k = 2; k <= 3; ++k) {
        const Image other = label_with_square(kSize, 16 * (k - 1), 4 + i, 14, k);
        for (size_t at = 0; at < labels.pixels.size(); ++at) labels.pixels[at] += other.pixels[at];
      }
      write_image(folder.path / "gt" / (stem(i) + ".png"), labels);
    }
    SetOptions set = options();
    set.masks = folder.path / "gt";
    set.per_picture = 2;
    return set;
  }

  // Two shards of pictures with masks.
  SetOptions tar() const {
    const fs::path pairs = folder.path / "pairs";
    fs::create_directories(pairs);
    for (int64_t i = 0; i < kPictures; ++i) {
      fs::copy_file(folder.path / "im" / (stem(i) + ".png"), pairs / (stem(i) + ".png"));
      write_image(pairs / (stem(i) + ".mask.png"), label_with_square(kSize, 3 * i, 5, 20 + i));
    }
    for (const char* shard : {"0-3", "4-9"}) {
      const std::string command =
          fmt::format("cd '{}' && tar cf ../shard-{}.tar p[{}].*", pairs.string(), shard[0], shard);
      EXPECT_EQ(std::system(command.c_str()), 0);
    }
    fs::create_directories(folder.path / "shards");
    for (const char* shard : {"shard-0.tar", "shard-4.tar"}) {
      fs::rename(folder.path / shard, folder.path / "shards" / shard);
    }
    SetOptions set = options();
    set.images = folder.path / "shards";
    return set;
  }

  testing_support::TemporaryFolder folder;
};

// The set drawn 2.3 times an epoch.
TrainingSet training_set(const SetOptions& set) {
  RowOptions options;
  options.image_size = 64;
  options.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
  return TrainingSet({{open_dataset(set), 2.3, set.per_picture, set.min_area}}, options);
}

void expect_same(const TrainingRow& row, const TrainingRow& other) {
  EXPECT_EQ(row.position, other.position);
  EXPECT_EQ(row.index, other.index);
  EXPECT_EQ(row.name, other.name);
  EXPECT_TRUE(torch::equal(row.image, other.image)) << row.name;
  EXPECT_TRUE(torch::equal(row.label, other.label)) << row.name;
  EXPECT_TRUE(same_prompt(row.prompt, other.prompt)) << row.name;
}

// Every second position: a rank's share of two.
std::vector<int64_t> share(int64_t rank, int64_t end) {
  std::vector<int64_t> positions;
  for (int64_t at = rank; at < end; at += 2) positions.push_back(at);
  return positions;
}

// Each part opens the set anew, as another process would.
void expect_rows_of_the_seed(const SetOptions& options, int64_t expected_rows) {
  const TrainingSet set = training_set(options);
  ASSERT_EQ(set.size(), expected_rows);
  const std::vector<TrainingRow> expected = Loader(set, kEpoch, 0, set.size(), 0, 1).next(set.size());
  for (const int64_t workers : {1, 3}) {
    const TrainingSet again = training_set(options);
    const auto rows = Loader(again, kEpoch, 0, set.size(), workers, 4).next(set.size());
    for (size_t i = 0; i < rows.size(); ++i) expect_same(rows[i], expected[i]);
  }
  const TrainingSet resumed = training_set(options);
  const auto rest = Loader(resumed, kEpoch, kFirst, set.size(), 2, 3).next(set.size() - kFirst);
  for (size_t i = 0; i < rest.size(); ++i) expect_same(rest[i], expected[kFirst + i]);
  for (const int64_t rank : {0, 1}) {
    const TrainingSet ranks = training_set(options);
    const std::vector<int64_t> positions = share(rank, set.size());
    const auto rows = Loader(ranks, kEpoch, positions, 2, 3).next(std::ssize(positions));
    for (size_t i = 0; i < rows.size(); ++i) expect_same(rows[i], expected[2 * i + static_cast<size_t>(rank)]);
  }
}

}  // namespace

TEST_F(Rows, OfACocoSetsMasksDependOnTheSeedAlone) { expect_rows_of_the_seed(coco(), 28); }  // 2.3 * 12 masks

TEST_F(Rows, OfAFolderOfLabelsDependOnTheSeedAlone) { expect_rows_of_the_seed(ids(), 28); }  // 2.3 * 6 * 2

TEST_F(Rows, OfShardsDependOnTheSeedAlone) { expect_rows_of_the_seed(tar(), 14); }  // 2.3 * 6

TEST_F(Rows, OfShardsAreThoseOfTheFilesInThem) {
  const TrainingSet shards = training_set(tar());
  SetOptions pairs = options();
  pairs.images = folder.path / "pairs";
  const TrainingSet files = training_set(pairs);
  auto rows = Loader(shards, 0, 0, shards.size(), 0, 1).next(shards.size());
  const auto others = Loader(files, 0, 0, files.size(), 0, 1).next(files.size());
  ASSERT_EQ(rows.size(), others.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].name.erase(rows[i].name.find("shard-"), std::string("shard-0/").size());
    expect_same(rows[i], others[i]);
  }
}

}  // namespace hqsam
