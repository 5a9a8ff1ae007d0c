// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

// A JPEG with detail, as JFIF; `flags` as OpenCV's imencode takes them.
std::string jpeg(const std::vector<int>& flags = {}) {
  cv::Mat picture(48, 56, CV_8UC3);
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 56; ++x) {
      picture.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uint8_t>(x * y), static_cast<uint8_t>(4 * x), 30);
    }
  }
  std::vector<uint8_t> file;
  cv::imencode(".jpg", picture, file, flags);
  return {file.begin(), file.end()};
}

std::string without_end(const std::string& file) { return file.substr(0, file.size() - 2); }
const std::string kEnd = "\xff\xd9";

Image image_of(const std::string& file, std::string* warning = nullptr) {
  PictureNotes notes;
  Image image = decode_image(std::as_bytes(std::span(file)), "it", {}, &notes);
  if (warning != nullptr) *warning = notes.warning;
  return image;
}

void expect_read_through(const std::string& file, const std::string& original, const std::string& word) {
  std::string warning;
  EXPECT_EQ(image_of(file, &warning), image_of(original)) << word;
  EXPECT_NE(warning.find(word), std::string::npos) << warning;
}

}  // namespace

TEST(JpegWarnings, BytesBeforeAMarkerAreReadThrough) {
  const std::string file = jpeg();
  expect_read_through(without_end(file) + std::string(258, '\0') + kEnd, file, "extraneous bytes before marker 0xd9");
  expect_read_through(file.substr(0, 20) + "junk" + file.substr(20), file, "4 extraneous bytes");
}

TEST(JpegWarnings, ANoteWithAnOddLengthIsReadThrough) {
  const std::string file = jpeg();
  const std::string note("\xff\xe1\0\0Exif", 8);
  const std::string odd = file.substr(0, 20) + note + file.substr(20);
  expect_read_through(odd, file, "4 extraneous bytes");
  EXPECT_EQ(picture_header(std::as_bytes(std::span(odd)), "it").stored, (Size{48, 56}));
}

TEST(JpegWarnings, AnUnknownRevisionOfJfifIsReadThrough) {
  std::string file = jpeg();
  file[11] = 2;  // behind the start, APP1's marker, length and "JFIF\0"
  expect_read_through(file, jpeg(), "JFIF revision");
}

TEST(JpegWarnings, AMissingEndIsReadThroughWhereAllPixelsAreThere) {
  for (const std::vector<int>& flags :
       {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}, {cv::IMWRITE_JPEG_RST_INTERVAL, 2}}) {
    const std::string file = jpeg(flags);
    expect_read_through(without_end(file), file, "Premature end");
    expect_read_through(file.substr(0, file.size() - 1), file, "Premature end");
    EXPECT_THROW(image_of(without_end(file).substr(0, file.size() - 4)), Error);
  }
}

TEST(JpegWarnings, WhatFollowsThePixelsIsReadThrough) {
  const std::string file = jpeg();
  std::string warning;
  EXPECT_EQ(image_of(file + "an audio note of the camera", &warning), image_of(file));
  EXPECT_EQ(warning, "");
  EXPECT_EQ(image_of(without_end(file) + file, &warning), image_of(file));  // the end is missing, another file follows
  EXPECT_NE(warning, "");
}

TEST(JpegWarnings, AProgressiveFileThatEndsBetweenScansIsCutOff) {
  const std::string file = jpeg({cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  const size_t last_scan = file.rfind("\xff\xda"), before = file.rfind("\xff\xc4", last_scan);
  for (const size_t end : {last_scan, before}) {
    EXPECT_THROW(image_of(file.substr(0, end)), Error);
    EXPECT_NO_THROW(image_of(file.substr(0, end) + kEnd)) << "which says that this is all";
  }
}

TEST(JpegWarnings, DamagedPixelsAreAnError) {
  const std::string file = jpeg({cv::IMWRITE_JPEG_RST_INTERVAL, 2});
  const size_t first_restart = file.find("\xff\xd0");
  ASSERT_NE(first_restart, std::string::npos);
  std::string broken = file;
  broken[first_restart + 1] = '\xd3';  // another than the one that is due
  EXPECT_THROW(image_of(broken), Error);
  EXPECT_THROW(image_of(file.substr(0, first_restart) + kEnd), Error);
}

}  // namespace hqsam
