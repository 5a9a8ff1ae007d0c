// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/annotation_folder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "hqsam/core/file.h"
#include "hqsam/serve/api_error.h"
#include "serve/pictures_folder.h"

namespace hqsam {
using namespace testing_support;
namespace {

namespace fs = std::filesystem;

int status_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ApiError& error) {
    return error.status;
  }
  return 0;
}

class AnnotationFolderTest : public ::testing::Test {
 protected:
  std::unique_ptr<AnnotationFolder> open(const std::vector<std::string>& classes = {}) const {
    return std::make_unique<AnnotationFolder>(pictures.output, pictures.list, classes);
  }
  fs::path mask(const std::string& name) const { return pictures.output / "masks" / name; }
  Mask mask_in(const std::string& name) const { return threshold_label(read_gray(mask(name))); }
  std::string open_fails() const {
    return error_of([&] { open(); });
  }
  PicturesFolder pictures;
};

TEST_F(AnnotationFolderTest, KeepsWhatWasPut) {
  open({"cat", "dog"})->put(1, 0, square_object(3, 7, "dog"));
  EXPECT_EQ(mask_in("b_3.png"), square_mask(7, 5, 10));
  const auto again = open();
  const auto record = again->record(1);
  EXPECT_EQ(again->classes(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(record->revision, 1);
  ASSERT_EQ(record->objects.size(), 1U);
  const AnnotationObject& object = record->objects.front();
  EXPECT_EQ(object.id, 3);
  EXPECT_EQ(object.category, "dog");
  EXPECT_EQ(unpack(object.mask(record->size)), square_mask(7, 5, 10));
  EXPECT_EQ(object.box, (std::array<int64_t, 4>{7, 5, 17, 15}));
  EXPECT_EQ(object.area, 100);
  EXPECT_EQ(object.clicks, 2);
  EXPECT_EQ(object.seconds, 1.5);
}

TEST_F(AnnotationFolderTest, RefusesAStaleRevision) {
  const auto folder = open();
  folder->put(0, 0, square_object(1, 3));
  EXPECT_EQ(status_of([&] { folder->put(0, 0, square_object(2, 9)); }), 409);
  EXPECT_EQ(status_of([&] { folder->remove(0, 0, 1); }), 409);
  EXPECT_EQ(status_of([&] { folder->set_done(0, 2, true); }), 409);
  try {
    folder->remove(0, 7, 1);
  } catch (const ApiError& error) {
    EXPECT_EQ(error.more.dump(), R"({"revision":1})");
  }
  EXPECT_EQ(folder->record(0)->objects.size(), 1U);
  EXPECT_FALSE(fs::exists(mask("a_2.png")));
}

TEST_F(AnnotationFolderTest, ReplacesAndRemovesObjects) {
  const auto folder = open();
  folder->put(0, 0, square_object(2, 3));
  folder->put(0, 1, square_object(1, 8));
  folder->put(0, 2, square_object(2, 20));
  EXPECT_EQ(folder->record(0)->objects.front().id, 1);
  EXPECT_EQ(mask_in("a_2.png"), square_mask(20, 5, 10));
  EXPECT_EQ(folder->remove(0, 3, 2)->revision, 4);
  EXPECT_FALSE(fs::exists(mask("a_2.png")));
  EXPECT_EQ(status_of([&] { folder->remove(0, 4, 2); }), 404);
}

TEST_F(AnnotationFolderTest, KeepsClassesThatAreInUse) {
  const auto folder = open({"cat", "dog"});
  EXPECT_EQ(status_of([&] { folder->put(0, 0, square_object(1, 3, "cow")); }), 400);
  folder->put(0, 0, square_object(1, 3, "dog"));
  EXPECT_EQ(status_of([&] { folder->set_classes({"cat"}); }), 409);
  folder->set_classes({"dog", "bird"});
  EXPECT_EQ(read_file(pictures.output / "classes.txt"), "dog\nbird\n");
}

TEST_F(AnnotationFolderTest, TellsAnotherProcessWhoHasIt) {
  const auto folder = open();
  const std::string message = error_of([&] { open(); });
  EXPECT_TRUE(contains(message, fmt::format("another process ({}) annotates", ::getpid()))) << message;
}

TEST_F(AnnotationFolderTest, MakesMissingAndDamagedMasksAnew) {
  open()->put(0, 0, square_object(1, 3));
  fs::remove(mask("a_1.png"));
  open();
  EXPECT_EQ(mask_in("a_1.png"), square_mask(3, 5, 10));
  write_file(mask("a_1.png"), "no PNG");
  fs::last_write_time(mask("a_1.png"), fs::file_time_type::clock::now() + std::chrono::seconds(5));
  open();
  EXPECT_EQ(mask_in("a_1.png"), square_mask(3, 5, 10));
}

TEST_F(AnnotationFolderTest, TakesOverMasksThatWereDrawnElsewhere) {
  open()->put(0, 0, square_object(1, 3));
  write_image(mask("a_1.png"), mask_to_gray(square_mask(12, 6, 4)));
  fs::last_write_time(mask("a_1.png"), fs::file_time_type::clock::now() + std::chrono::seconds(5));
  const auto record = open()->record(0);
  EXPECT_EQ(record->revision, 2);
  EXPECT_TRUE(record->objects.front().edited);
  EXPECT_EQ(unpack(record->objects.front().mask(record->size)), square_mask(12, 6, 4));
}

TEST_F(AnnotationFolderTest, PutsMasksOfNoObjectAside) {
  open()->put(0, 0, square_object(1, 3));
  for (const char* name : {"a_2.png", "a_x.png", "z_1.png"}) fs::copy_file(mask("a_1.png"), mask(name));
  open();
  EXPECT_TRUE(fs::exists(mask("a_1.png")));
  EXPECT_FALSE(fs::exists(mask("a_2.png")));
  EXPECT_TRUE(fs::exists(mask("of_no_object/a_2.png")));
  EXPECT_TRUE(fs::exists(mask("a_x.png")));
  EXPECT_TRUE(fs::exists(mask("z_1.png")));
}

TEST_F(AnnotationFolderTest, LeavesADataSetAlone) {
  fs::create_directories(pictures.output / "masks");
  write_image(mask("a_1.png"), mask_to_gray(square_mask(3, 3, 5)));
  EXPECT_TRUE(contains(open_fails(), "holds files that annotate did not write"));
  EXPECT_EQ(mask_in("a_1.png"), square_mask(3, 3, 5));
  EXPECT_FALSE(fs::exists(pictures.output / "classes.txt"));
}

TEST_F(AnnotationFolderTest, RefusesAJsonThatItDidNotWrite) {
  open()->put(0, 0, square_object(1, 3));
  write_file(pictures.output / "annotations" / "x.json", R"({"picture": "x.png"})");
  EXPECT_TRUE(contains(open_fails(), "x.json is not of hqsam annotate"));
}

// A process that puts objects is killed again and again: what it had told is there.
TEST_F(AnnotationFolderTest, LosesNothingToAKill) {
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto folder = open();
      for (int64_t i = 0;; ++i) {
        const int64_t revision = folder->record(0)->revision;
        const auto told = folder->put(0, revision, square_object(1 + i % 3, revision % 30))->revision;
        if (::write(ends[1], &told, sizeof told) != sizeof told) ::_exit(1);
      }
    }
    ::close(ends[1]);
    int64_t told = 0;
    for (int i = 0; i < 3 + round; ++i) ASSERT_EQ(::read(ends[0], &told, sizeof told), ssize_t{sizeof told});
    std::this_thread::sleep_for(std::chrono::microseconds(700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &told, sizeof told) == ssize_t{sizeof told}) {
    }
    ::close(ends[0]);
    const auto record = open()->record(0);
    EXPECT_GE(record->revision, told);
    EXPECT_LE(record->revision, told + 2);
    for (const AnnotationObject& object : record->objects) {
      EXPECT_EQ(mask_in(fmt::format("a_{}.png", object.id)), unpack(object.mask(record->size)));
    }
  }
}

TEST_F(AnnotationFolderTest, SplitsForGoodAndFillsBoth) {
  std::string first, second;
  {
    const auto folder = open();
    first = folder->set_done(0, 0, true)->split;
    second = folder->set_done(2, 0, true)->split;
    EXPECT_EQ(first, split_by_hash("a.png"));
    EXPECT_NE(first, second);
    folder->set_done(0, 1, false);
  }
  const auto folder = open();
  EXPECT_EQ(folder->set_done(0, 2, true)->split, first);
  EXPECT_EQ(folder->record(2)->split, second);
}

TEST(Split, IsOneOfFive) {
  int64_t valid = 0;
  for (int i = 0; i < 5000; ++i) valid += split_by_hash(fmt::format("picture_{}.jpg", i)) == "valid" ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(valid), 1000, 120);
  EXPECT_EQ(split_by_hash("sub/a.jpg"), split_by_hash("sub/a.jpg"));
}

TEST(Stems, AreOnesOwn) {
  StemBook book;
  EXPECT_EQ(book.free_stem("x/a.jpg"), "x_a");
  EXPECT_EQ(book.free_stem("x/a.png"), "x_a_png");
  EXPECT_EQ(book.free_stem("X_A.jpg"), "X_A_jpg");
  EXPECT_EQ(book.free_stem("x_A.jpg"), "x_A_jpg_2");
  EXPECT_EQ(book.free_stem("b.c.jpg"), "b.c");
  EXPECT_LE(book.free_stem(std::string(240, 'n') + ".jpg").size(), 150U);
}

TEST(Stems, StayWhenPicturesCome) {
  PicturesFolder pictures({"a.png"});
  AnnotationFolder(pictures.output, pictures.list, {}).put(0, 0, square_object(1, 3));
  write_image(pictures.images / "A.jpg", waves(40, 48));
  const auto list = list_pictures_to_annotate(pictures.images, pictures.output).pictures;
  const AnnotationFolder folder(pictures.output, list, {});
  EXPECT_EQ(folder.stem(0), "A_jpg");
  EXPECT_EQ(folder.stem(1), "a");
  EXPECT_EQ(folder.record(1)->objects.size(), 1U);
}

TEST(PictureList, LeavesOutWhatCannotBeRead) {
  PicturesFolder pictures({"a.png", "sub/b.png", ".hidden/c.png", "d.png"});
  write_file(pictures.images / "e.jpg", "no picture");
  write_file(pictures.images / "notes.txt", "nothing");
  std::string png = read_file(pictures.images / "d.png");
  for (const size_t at : {16, 20}) png[at + 1] = 1;  // 65,000 pixels and more a side
  write_file(pictures.images / "d.png", png);
  const PictureList list = list_pictures_to_annotate(pictures.images, pictures.output);
  ASSERT_EQ(list.pictures.size(), 2U);
  EXPECT_EQ(list.pictures[1].name, "sub/b.png");
  EXPECT_EQ(list.pictures[1].size, (Size{40, 48}));
  ASSERT_EQ(list.left_out.size(), 2U);
  EXPECT_TRUE(list.left_out[0].starts_with("d.png: "));
  EXPECT_TRUE(list.left_out[1].starts_with("e.jpg: "));
}

}  // namespace
}  // namespace hqsam
