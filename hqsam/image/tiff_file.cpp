// SPDX-License-Identifier: Apache-2.0
#include "hqsam/image/tiff_file.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "hqsam/core/error.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

// Limits libtiff's own memory, such as one compressed strip; no valid file needs more.
tmsize_t max_allocation(Bytes file) {
  return std::max<tmsize_t>(tmsize_t{1} << 28, 4 * static_cast<tmsize_t>(file.size()));
}

}  // namespace

TiffFile::TiffFile(Bytes file, const std::string& name) : bytes_(file), name_(name) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_allocation(file));
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, this);
  // m: libtiff reads through the functions below and does not map the file.
  tiff_ = TIFFClientOpenExt("", "rm", this, read, write, seek, close, length, nullptr, nullptr, options);
  TIFFOpenOptionsFree(options);
  if (tiff_ == nullptr) refuse();
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

void TiffFile::refuse() const {
  fail("read_image", "{} is not a sound TIFF: {}", name_, problem_.empty() ? "it is cut off" : problem_);
}

Size TiffFile::size() const { return {number(TIFFTAG_IMAGELENGTH, 0), number(TIFFTAG_IMAGEWIDTH, 0)}; }

uint32_t TiffFile::number(uint32_t tag, uint32_t otherwise) const {
  const TIFFField* field = TIFFFieldWithTag(tiff_, tag);
  if (field == nullptr) return otherwise;
  if (TIFFFieldDataType(field) == TIFF_SHORT) {
    uint16_t value = 0;
    return TIFFGetField(tiff_, tag, &value) != 0 ? value : otherwise;
  }
  uint32_t value = 0;
  return TIFFGetField(tiff_, tag, &value) != 0 ? value : otherwise;
}

std::string TiffFile::text(uint32_t tag) const {
  const TIFFField* field = TIFFFieldWithTag(tiff_, tag);
  if (field == nullptr || TIFFFieldDataType(field) != TIFF_ASCII) return "";
  const char* text = nullptr;
  uint32_t count = 0;
  if (TIFFFieldPassCount(field) == 0) return TIFFGetField(tiff_, tag, &text) != 0 && text != nullptr ? text : "";
  if (TIFFGetField(tiff_, tag, &count, &text) == 0 || text == nullptr) return "";
  return {text, std::find(text, text + count, '\0')};
}

tmsize_t TiffFile::read(thandle_t self, void* to, tmsize_t count) {
  auto& file = *static_cast<TiffFile*>(self);
  if (count <= 0) return 0;
  const Bytes part = ByteView{file.bytes_}.from(file.at_, static_cast<uint64_t>(count));
  if (!part.empty()) std::memcpy(to, part.data(), part.size());
  file.at_ += part.size();
  return static_cast<tmsize_t>(part.size());
}

toff_t TiffFile::seek(thandle_t self, toff_t offset, int from) {
  auto& file = *static_cast<TiffFile*>(self);
  const uint64_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? file.at_ : file.bytes_.size();
  file.at_ = base + offset;
  return file.at_;
}

toff_t TiffFile::length(thandle_t self) { return static_cast<TiffFile*>(self)->bytes_.size(); }

// Removes control characters: libtiff's messages may quote text from the file.
void TiffFile::note(const char* format, va_list values) {
  char line[256];
  std::vsnprintf(line, sizeof line, format, values);
  problem_ = line;
  std::erase_if(problem_, [](unsigned char c) { return c < 0x20 || c > 0x7e; });
}

int TiffFile::on_error(TIFF*, void* self, const char*, const char* format, va_list values) {
  static_cast<TiffFile*>(self)->note(format, values);
  return 1;  // handled: libtiff calls no other handler
}

int TiffFile::on_warning(TIFF*, void* self, const char*, const char* format, va_list values) {
  // Warnings of old-style compression and of runs beyond a row's end: the pixels are complete.
  const bool harmless = std::strstr(format, "Old-style LZW") != nullptr || std::strstr(format, "Discarding") != nullptr;
  if (static_cast<TiffFile*>(self)->pixels_ && !harmless) static_cast<TiffFile*>(self)->note(format, values);
  return 1;
}

}  // namespace hqsam
