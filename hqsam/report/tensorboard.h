// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "hqsam/image/image.h"

namespace hqsam {

// CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
uint32_t crc32c(std::string_view bytes);

// One record of TensorFlow's TFRecord format: length, its masked CRC, bytes, their masked CRC; little-endian.
std::string tfrecord(std::string_view bytes);

// A TensorBoard event file. Each event is on disk, whole, when its function returns: a reader sees it at once,
// and a killed process leaves at most a cut record at the end, which readers wait at. After a failed write the
// file is cut back to whole records.
class TensorBoardWriter {
 public:
  using Scalar = std::pair<std::string, double>;

  // Begins a new file, events.out.tfevents.<seconds>.<host>.<process>, later by name than those of the folder, which
  // is made where it is missing. purge_step: readers drop what earlier files of the folder hold from this step on, as
  // after a resume. Throws Error with the path.
  explicit TensorBoardWriter(const std::filesystem::path& folder, std::optional<int64_t> purge_step = {});
  ~TensorBoardWriter();
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;

  // "train/loss" and the like, of one step. Throw Error with the path, e.g. when the disk is full.
  void scalars(int64_t step, std::span<const Scalar> values);
  void image(int64_t step, const std::string& tag, const Image& image);  // as PNG

  const std::filesystem::path& path() const { return path_; }

 private:
  void write(int64_t step, const std::string& fields);

  std::filesystem::path path_;
  int descriptor_ = -1;
  int64_t size_ = 0;  // bytes of whole records
};

}  // namespace hqsam
