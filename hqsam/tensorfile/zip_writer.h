// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/core/file.h"

namespace hqsam {

// Writes a zip archive of stored records as torch.save does: each record's bytes begin at a multiple
// of 64, so that they can be mapped, and every record is described in zip64 form, so that one code
// path serves files of any size.
class ZipWriter {
 public:
  explicit ZipWriter(AtomicFile& file) : file_(file) {}

  // Names must be unique and under 64 KiB.
  void add(std::string_view name, std::span<const std::byte> bytes);
  void add(std::string_view name, std::string_view text);
  // Writes the directory; nothing can be added after it.
  void finish();

 private:
  void write(std::string_view bytes);

  AtomicFile& file_;
  uint64_t position_ = 0, count_ = 0;
  std::string directory_;
};

}  // namespace hqsam
