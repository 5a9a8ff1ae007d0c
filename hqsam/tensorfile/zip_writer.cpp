// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/zip_writer.h"

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/zip_archive.h"

namespace hqsam {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint16_t kVersion = 45;        // the first with zip64
constexpr uint16_t kUtf8Names = 0x800;   // flag
constexpr uint16_t kDate = 0x21;         // 1980-01-01: equal weights give equal files
constexpr uint16_t kPaddingId = 0x4246;  // the extra field that PyTorch pads with
constexpr uint16_t kZip64Id = 1;

template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return bytes;
}

}  // namespace

void ZipWriter::add(std::string_view name, std::span<const std::byte> bytes) {
  if (name.size() > 0xffff) fail("ZipWriter", "a record's name has {} bytes", name.size());
  const uint64_t size = bytes.size();
  const auto name_bytes = static_cast<uint16_t>(name.size());
  // Both headers share version, flags, method 0, time, date, CRC and the two sizes (in zip64 form).
  const std::string common = packed(kVersion, kUtf8Names, uint16_t{0}, uint16_t{0}, kDate, crc32(bytes),
                                    uint32_t{0xffffffff}, uint32_t{0xffffffff}, name_bytes);

  std::string extra = packed(kZip64Id, uint16_t{16}, size, size);
  const uint64_t unpadded = position_ + 4 + common.size() + 2 + name.size() + extra.size() + 4;
  const uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  extra += packed(kPaddingId, static_cast<uint16_t>(padding)) + std::string(padding, 'Z');

  const std::string zip64 = packed(kZip64Id, uint16_t{24}, size, size, position_);
  directory_ += packed(uint32_t{0x02014b50}, kVersion) + common +
                packed(static_cast<uint16_t>(zip64.size()), uint16_t{0}, uint16_t{0}, uint16_t{0}, uint32_t{0},
                       uint32_t{0xffffffff});
  directory_ += name;
  directory_ += zip64;
  ++count_;

  write(packed(uint32_t{0x04034b50}) + common + packed(static_cast<uint16_t>(extra.size())) + std::string(name) +
        extra);
  write(as_text(bytes));
}

void ZipWriter::add(std::string_view name, std::string_view text) {
  add(name, std::as_bytes(std::span(text.data(), text.size())));
}

void ZipWriter::finish() {
  const uint64_t begin = position_, size = directory_.size(), end64 = begin + size;
  write(directory_);
  write(packed(uint32_t{0x06064b50}, uint64_t{44}, kVersion, kVersion, uint32_t{0}, uint32_t{0}, count_, count_, size,
               begin));
  write(packed(uint32_t{0x07064b50}, uint32_t{0}, end64, uint32_t{1}));
  write(packed(uint32_t{0x06054b50}, uint16_t{0}, uint16_t{0}, uint16_t{0xffff}, uint16_t{0xffff}, uint32_t{0xffffffff},
               uint32_t{0xffffffff}, uint16_t{0}));
}

void ZipWriter::write(std::string_view bytes) {
  file_.write(bytes);
  position_ += bytes.size();
}

}  // namespace hqsam
