// SPDX-License-Identifier: Apache-2.0
#include "hqsam/report/tensorboard.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "hqsam/core/errno_text.h"
#include "hqsam/core/error.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace {

constexpr const char* kWriter = "TensorBoardWriter";

constexpr std::array<uint32_t, 256> crc_table() {
  constexpr uint32_t kReversedPolynomial = 0x82F63B78;
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReversedPolynomial : 0);
    table[i] = crc;
  }
  return table;
}

// A CRC of data that holds CRCs is weak, hence TensorFlow's rotation and constant (tsl/lib/hash/crc32c.h).
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return std::rotr(crc, 15) + 0xA282EAD8;
}

template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(Integer); ++i) bytes += static_cast<char>(value >> 8 * i & 0xFF);
  return bytes;
}

// Protocol buffers' wire format (protobuf.dev/programming-guides/encoding): a field is its number and wire type
// as a varint, then its value. 0 = varint, 1 = 8 bytes, 2 = length and bytes, 5 = 4 bytes.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string key(int number, int wire_type) { return varint(static_cast<uint64_t>(number << 3 | wire_type)); }
std::string integer_field(int number, int64_t value) { return key(number, 0) + varint(static_cast<uint64_t>(value)); }
std::string double_field(int number, double value) {
  return key(number, 1) + little_endian(std::bit_cast<uint64_t>(value));
}
std::string float_field(int number, float value) {
  return key(number, 5) + little_endian(std::bit_cast<uint32_t>(value));
}
std::string bytes_field(int number, std::string_view value) {
  return key(number, 2) + varint(value.size()) + std::string(value);
}

// The messages of tensorboard/compat/proto/event.proto and summary.proto, as far as they are needed.
namespace event {
std::string wall_time(double seconds) { return double_field(1, seconds); }
std::string step(int64_t step) { return integer_field(2, step); }
std::string file_version() { return bytes_field(3, "brain.Event:2"); }
std::string summary(std::string_view values) { return bytes_field(5, values); }
std::string session_start() { return bytes_field(7, integer_field(1, 1)); }  // SessionLog.status = START
}  // namespace event
std::string scalar_value(const std::string& tag, double value) {
  return bytes_field(1, bytes_field(1, tag) + float_field(2, static_cast<float>(value)));
}
std::string image_value(const std::string& tag, const Image& image) {
  return bytes_field(
      1, bytes_field(1, tag) +
             bytes_field(4, integer_field(1, image.height) + integer_field(2, image.width) +
                                integer_field(3, image.channels) + bytes_field(4, encode_image(image, ".png"))));
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

// Readers take a folder's files in the order of their names, so a resumed run's must come last: the time now, or
// a second after the latest file.
int64_t file_seconds(const std::filesystem::path& folder) {
  constexpr std::string_view kPrefix = "events.out.tfevents.";
  auto seconds = static_cast<int64_t>(now());
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix)) seconds = std::max<int64_t>(seconds, std::atoll(name.c_str() + kPrefix.size()) + 1);
  }
  return seconds;
}

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof(name) - 1) != 0 || *name == '\0') return "host";
  return name;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  uint32_t crc = ~0U;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

std::string tfrecord(std::string_view bytes) {
  const std::string length = little_endian(static_cast<uint64_t>(bytes.size()));
  return length + little_endian(masked_crc(length)) + std::string(bytes) + little_endian(masked_crc(bytes));
}

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder, std::optional<int64_t> purge_step) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string name =
      fmt::format("events.out.tfevents.{:010}.{}.{}", file_seconds(folder), host_name(), ::getpid());
  path_ = folder / name;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(kWriter, "cannot make {}: {}", path_.string(), errno_text(errno));
  try {
    write(purge_step.value_or(0), event::file_version());
    if (purge_step) write(*purge_step, event::session_start());
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

TensorBoardWriter::~TensorBoardWriter() { ::close(descriptor_); }

void TensorBoardWriter::scalars(int64_t step, std::span<const Scalar> values) {
  std::string summary;
  for (const auto& [tag, value] : values) summary += scalar_value(tag, value);
  if (!summary.empty()) write(step, event::summary(summary));
}

void TensorBoardWriter::image(int64_t step, const std::string& tag, const Image& image) {
  write(step, event::summary(image_value(tag, image)));
}

void TensorBoardWriter::write(int64_t step, const std::string& fields) {
  const std::string record = tfrecord(event::wall_time(now()) + event::step(step) + fields);
  for (size_t done = 0; done < record.size();) {
    const ssize_t count = ::write(descriptor_, record.data() + done, record.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::string reason = errno_text(errno);
      const bool cut = ::ftruncate(descriptor_, size_) == 0 && ::lseek(descriptor_, size_, SEEK_SET) == size_;
      fail(kWriter, "cannot write {}: {}{}", path_.string(), reason, cut ? "" : "; its last record is incomplete");
    }
    done += static_cast<size_t>(count);
  }
  size_ += static_cast<int64_t>(record.size());
}

}  // namespace hqsam
