// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

// Before libtiff's own header in each file that needs it.
#include <tiffio.h>

#include "hqsam/core/geometry.h"
#include "hqsam/image/bytes.h"

namespace hqsam {

// A TIFF in memory at its first page. What libtiff says is collected and never printed.
class TiffFile {
 public:
  // Throws Error where there is no readable first page.
  TiffFile(Bytes file, const std::string& name);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* get() const { return tiff_; }
  const std::string& name() const { return name_; }
  Bytes bytes() const { return bytes_; }

  // Throws Error with what libtiff said last.
  [[noreturn]] void refuse() const;
  // From here on a warning counts as an error: it means that pixels are damaged.
  void begin_pixels() { pixels_ = true, problem_.clear(); }
  void check_pixels() const {
    if (!problem_.empty()) refuse();
  }

  Size size() const;
  uint32_t number(uint32_t tag, uint32_t otherwise) const;  // of a tag with one value of 16 or 32 bits
  std::string text(uint32_t tag) const;                     // "" where there is none

 private:
  static tmsize_t read(thandle_t self, void* to, tmsize_t count);
  static tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t seek(thandle_t self, toff_t offset, int from);
  static int close(thandle_t) { return 0; }
  static toff_t length(thandle_t self);
  static int on_error(TIFF*, void* self, const char* module, const char* format, va_list values);
  static int on_warning(TIFF*, void* self, const char* module, const char* format, va_list values);
  void note(const char* format, va_list values);

  Bytes bytes_;
  const std::string& name_;
  TIFF* tiff_ = nullptr;
  uint64_t at_ = 0;
  bool pixels_ = false;
  std::string problem_;
};

}  // namespace hqsam
