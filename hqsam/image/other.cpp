// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

thread_local bool muted = false;

// Drops what OpenCV writes to std::cerr about files that it cannot decode, since an Error says it, and passes on what
// other threads write.
class Filter : public std::streambuf {
 public:
  explicit Filter(std::streambuf* to) : to_(to) {}

 private:
  int overflow(int c) override {
    return muted || c == traits_type::eof() ? traits_type::not_eof(c) : to_->sputc(static_cast<char>(c));
  }
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    return muted ? count : to_->sputn(text, count);
  }
  int sync() override { return to_->pubsync(); }

  std::streambuf* to_;
};

// While it lives, this thread's OpenCV is silent.
struct Mute {
  Mute() {
    static const bool installed = [] {
      cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
      std::cerr.rdbuf(new Filter(std::cerr.rdbuf()));  // as long as std::cerr: to the end of the process
      return true;
    }();
    muted = installed;
  }
  ~Mute() { muted = false; }
};

// Lets OpenCV decode into a raster's samples, so that the pixels are in memory only once.
class SamplesAllocator final : public cv::MatAllocator {
 public:
  using Samples = decltype(Raster::samples);

  Samples& samples() const { return samples_; }

 private:
  cv::UMatData* allocate(int dims, const int* sizes, int type, void*, size_t* step, cv::AccessFlag,
                         cv::UMatUsageFlags) const override {
    size_t count = CV_MAT_CN(type);
    for (int i = dims - 1; i >= 0; count *= static_cast<size_t>(sizes[i--])) step[i] = count * CV_ELEM_SIZE1(type);
    if (in_use_) CV_Error(cv::Error::StsNoMem, "one picture at a time");  // OpenCV then takes memory of its own
    auto memory = std::make_unique<cv::UMatData>(this);
    memory->data = memory->origdata = take(CV_MAT_DEPTH(type), count);
    memory->size = count * CV_ELEM_SIZE1(type);
    in_use_ = true;
    return memory.release();
  }
  bool allocate(cv::UMatData*, cv::AccessFlag, cv::UMatUsageFlags) const override { return false; }
  void deallocate(cv::UMatData* memory) const override {
    in_use_ = false;
    delete memory;
  }

  uint8_t* take(int depth, size_t count) const {
    if (depth == CV_8U) return samples_.emplace<std::vector<uint8_t>>(count).data();
    if (depth == CV_16U) return bytes_of(samples_.emplace<std::vector<uint16_t>>(count));
    if (depth == CV_32F) return bytes_of(samples_.emplace<std::vector<float>>(count));
    CV_Error(cv::Error::StsNotImplemented, "no samples of this type");
  }
  template <class Value>
  static uint8_t* bytes_of(std::vector<Value>& values) {
    return reinterpret_cast<uint8_t*>(values.data());
  }

  mutable Samples samples_;
  mutable bool in_use_ = false;
};

// OpenCV's order of colours to RGB or RGBA.
template <class Value>
void turn_bgr(std::vector<Value>& values, size_t channels) {
  for (size_t i = 0; channels >= 3 && i + 2 < values.size(); i += channels) std::swap(values[i], values[i + 2]);
}

// A raster of height 0 where it cannot be decoded.
Raster decode_by_opencv(std::span<const std::byte> file) {
  const Mute mute;
  const SamplesAllocator allocator;
  const cv::Mat bytes(1, static_cast<int>(file.size()), CV_8U, const_cast<std::byte*>(file.data()));
  cv::Mat pixels;
  pixels.allocator = const_cast<SamplesAllocator*>(&allocator);
  try {
    cv::imdecode(bytes, cv::IMREAD_UNCHANGED | cv::IMREAD_IGNORE_ORIENTATION, &pixels);
  } catch (const cv::Exception&) {
    pixels.release();  // its message refers to OpenCV's source code and is dropped
  }
  const bool taken = pixels.u != nullptr && pixels.u->currAllocator == &allocator && pixels.isContinuous();
  if (pixels.empty() || !taken) return {};
  Raster raster;
  raster.height = pixels.rows, raster.width = pixels.cols, raster.channels = pixels.channels();
  raster.alpha = raster.channels == 4 || raster.channels == 2;
  pixels.release();
  raster.samples = std::move(allocator.samples());
  std::visit([&](auto& values) { turn_bgr(values, static_cast<size_t>(raster.channels)); }, raster.samples);
  return raster;
}

// Rewrites a BMP's OS/2 header of 12 bytes as the usual one of 40, because OpenCV decodes the former without a palette
// as gray.
std::vector<std::byte> with_usual_header(std::span<const std::byte> file) {
  const ByteView view{file, false};
  std::vector<std::byte> made;
  const auto put = [&](uint64_t number, size_t count) {
    for (size_t i = 0; i < count; ++i) made.push_back(static_cast<std::byte>(i < 8 ? number >> (8 * i) : 0));
  };
  constexpr uint64_t kBegin = 14, kOld = 12, kUsual = 40;
  const uint64_t bits = view.u16(24), colours = bits <= 8 ? uint64_t{1} << bits : 0;
  const Bytes pixels = view.from(view.u32(10));
  const uint64_t offset = kBegin + kUsual + 4 * colours;
  put(0x4d42, 2), put(offset + pixels.size(), 4), put(0, 4), put(offset, 4);
  put(kUsual, 4), put(view.u16(18), 4), put(view.u16(20), 4), put(1, 2), put(bits, 2), put(0, 24);
  for (uint64_t i = 0; i < colours; ++i) put(view.number(kBegin + kOld + 3 * i, 3), 4);
  made.insert(made.end(), pixels.begin(), pixels.end());
  return made;
}

// OpenCV selects a decoder by the first bytes. If the right one refuses them, others search further in the file; the
// DICOM and DTED (terrain) decoders must not get that far.
bool is_two_formats(std::span<const std::byte> file) {
  const ByteView view{file};
  return view.has(128, "DICM") || view.has(140, "DTED") || view.has(0, "NITF");
}

void check_other(std::span<const std::byte> file, const std::string& name, Size size) {
  check_size(name, size);
  const uint64_t least = other_least_bytes(file, size);
  if (file.size() < least) {
    fail("read_image", "{} states {} x {} pixels (height x width), {} bytes or more, but has {} bytes: it is cut off",
         name, size.height, size.width, least, file.size());
  }
  check_length(name, size, 1, file);
  if (is_webp(file) && ByteView{file}.has(12, "VP8X") && (ByteView{file}.u8(20) & 2) != 0) {
    fail("read_image", "{} is an animated WebP, which hqsam does not read: take frames out of it", name);
  }
}

}  // namespace

Raster decode_other(std::span<const std::byte> file, const std::string& name) {
  if (file.size() > INT32_MAX) fail("read_image", "{} has {} bytes, too many for this format", name, file.size());
  const Size size = other_size(file).value_or(Size{});
  check_other(file, name, size);
  std::vector<std::byte> usual;
  if (is_bmp(file) && ByteView{file, false}.u32(14) == 12) file = usual = with_usual_header(file);
  Raster raster;
  if (!is_two_formats(file)) raster = decode_by_opencv(file);
  if (raster.height == 0) {
    const char* format = is_webp(file) ? "WebP" : is_bmp(file) ? "BMP" : is_pnm(file) ? "PNM" : "JPEG 2000";
    fail("read_image", "{} is not a sound {} picture: it is cut off, corrupt or of a rare kind", name, format);
  }
  if (size != raster.size()) fail("read_image", "{} is corrupt: it states two sizes", name);
  return raster;
}

}  // namespace hqsam
