// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/retraining.h"

#include <chrono>
#include <thread>

#include "hqsam/core/file.h"
#include "hqsam/model/checkpoint.h"
#include "hqsam/serve/api_error.h"
#include "hqsam/tensorfile/state_dict.h"
#include "serve/pictures_folder.h"

namespace hqsam {
using namespace testing_support;
namespace {

namespace fs = std::filesystem;

// Stands for hqsam: trains by a copy, and tells scores of the checkpoint's name.
constexpr const char* kProgram = R"(#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
while [ $# -gt 0 ]; do
  case $1 in
    train|evaluate) command=$1 ;;
    --output) output=$2 ;;
    --checkpoint) checkpoint=$2 ;;
    --masks) masks=$2 ;;
  esac
  shift
done
mkdir -p "$output"
if [ "$command" = train ]; then
  [ -e "$here/fails" ] && { echo "error: no" >&2; exit 1; }
  [ -e "$here/hangs" ] && { trap 'exit 75' TERM; while :; do sleep 0.05; done; }
  cp "$here/model.pth" "$output/model.pth"
else
  score=$(cat "$here/new_score")
  [ "$checkpoint" = old.pth ] && score=60
  echo "{\"mean\": {\"$masks\": {\"miou\": $score, \"mbiou\": 50}}, \"pooled\": {\"masks\": 3}}" > "$output/results.json"
fi
)";

class RetrainingTest : public ::testing::Test {
 protected:
  RetrainingTest() {
    write_file(program, kProgram);
    fs::permissions(program, fs::perms::owner_all);
    write_pth(place / "model.pth", checkpoint_of(tiny_model()));
    write_file(place / "new_score", "70");
    for (const size_t picture : {0, 1}) {
      folder.put(picture, 0, square_object(1, 3));
      folder.set_done(picture, 1, true);
    }
  }
  std::string calls() const { return read_file(place / "calls"); }
  std::string run() {
    loop.start(5);
    return loop.wait();
  }

  PicturesFolder pictures;
  fs::path place = pictures.folder.path, program = place / "hqsam";
  AnnotationFolder folder{pictures.output, pictures.list, {}};
  std::vector<std::string> swapped;
  Retraining loop{folder,
                  {.program = program,
                   .compute = {"--threads", "1"},
                   .images = pictures.images,
                   .checkpoint = [] { return std::string("old.pth"); },
                   .kind = [] { return MaskKind::kHq; },
                   .swap =
                       [this](const std::string& path, MaskKind kind) {
                         swapped.push_back(fs::path(path).filename().string() + " " + to_string(kind));
                       }}};
};

TEST_F(RetrainingTest, TakesTheBetterModel) {
  EXPECT_EQ(run(), "swapped");
  EXPECT_EQ(swapped, std::vector<std::string>{"model.pth sum"});
  EXPECT_EQ(loop.status()["result"].dump(),
            R"({"masks":3,"new":{"mBIoU":50.0,"mIoU":70.0},"old":{"mBIoU":50.0,"mIoU":60.0}})");
  EXPECT_TRUE(contains(calls(), "train --config " + (pictures.output / "train.yaml").string()));
  EXPECT_TRUE(contains(calls(), "--set train.epochs=5 --threads 1\n"));
  EXPECT_TRUE(contains(calls(), "--checkpoint old.pth --masks hq "));
}

TEST_F(RetrainingTest, KeepsTheOldOneOtherwise) {
  write_file(place / "new_score", "60");
  EXPECT_EQ(run(), "kept");
  EXPECT_TRUE(swapped.empty());
  EXPECT_EQ(run(), "kept") << "and may be asked again";
  EXPECT_TRUE(fs::exists(pictures.output / "runs" / "2" / "model.pth"));
}

TEST_F(RetrainingTest, TellsAFailure) {
  write_file(place / "fails", "");
  EXPECT_EQ(run(), "failed");
  EXPECT_TRUE(contains(loop.status()["line"].get<std::string>(), "hqsam train failed (exit code 1): error: no"));
}

TEST_F(RetrainingTest, StopsAndRunsOnce) {
  write_file(place / "hangs", "");
  loop.start({});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(contains(error_of([&] { loop.start({}); }), "runs already"));
  loop.stop();
  EXPECT_EQ(loop.wait(), "stopped");
  EXPECT_TRUE(swapped.empty());
}

TEST_F(RetrainingTest, RemembersTheModelForThoseWhoBeginWithTheSame) {
  EXPECT_FALSE(taken_model(pictures.output, "old.pth"));
  keep_taken_model(pictures.output, "old.pth", {(place / "model.pth").string(), MaskKind::kHq});
  const auto taken = taken_model(pictures.output, fs::absolute("old.pth").string());
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->checkpoint, (place / "model.pth").string());
  EXPECT_EQ(taken->kind, MaskKind::kHq);
  EXPECT_FALSE(taken_model(pictures.output, "other.pth"));
  fs::remove(place / "model.pth");
  EXPECT_FALSE(taken_model(pictures.output, "old.pth"));
}

}  // namespace
}  // namespace hqsam
