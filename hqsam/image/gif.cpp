// SPDX-License-Identifier: Apache-2.0
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

// Giflib's reader over a file in memory.
class Gif {
 public:
  Gif(Bytes file, const std::string& name) : left_(file), name_(name) {
    int error = 0;
    gif_ = DGifOpen(this, read, &error);
    if (gif_ == nullptr) refuse(error);
  }
  ~Gif() { DGifCloseFile(gif_, nullptr); }
  Gif(const Gif&) = delete;
  Gif& operator=(const Gif&) = delete;

  GifFileType* operator->() const { return gif_; }
  GifFileType* get() const { return gif_; }
  [[noreturn]] void refuse(int error) const {
    const char* why = GifErrorString(error);
    fail("read_image", "{} is not a sound GIF: {}", name_, why != nullptr ? why : "it is corrupt");
  }
  void check(int result) const {
    if (result != GIF_OK) refuse(gif_->Error);
  }

 private:
  static int read(GifFileType* gif, GifByteType* to, int count) {
    Bytes& left = static_cast<Gif*>(gif->UserData)->left_;
    const size_t taken = std::min(left.size(), static_cast<size_t>(std::max(count, 0)));
    if (taken > 0) std::memcpy(to, left.data(), taken);
    left = left.subspan(taken);
    return static_cast<int>(taken);
  }

  Bytes left_;
  const std::string& name_;
  GifFileType* gif_ = nullptr;
};

// Advances to the next frame's header; false if there is none. transparent: the index that the frame's extension names,
// or -1.
bool to_frame(const Gif& gif, int& transparent) {
  for (;;) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    gif.check(DGifGetRecordType(gif.get(), &record));
    if (record == TERMINATE_RECORD_TYPE) return false;
    if (record == IMAGE_DESC_RECORD_TYPE) {
      gif.check(DGifGetImageDesc(gif.get()));
      return true;
    }
    int code = 0;
    GifByteType* block = nullptr;
    gif.check(DGifGetExtension(gif.get(), &code, &block));
    while (block != nullptr) {
      if (code == GRAPHICS_EXT_FUNC_CODE && block[0] >= 4) transparent = (block[1] & 1) != 0 ? block[4] : -1;
      gif.check(DGifGetExtensionNext(gif.get(), &block));
    }
  }
}

struct Frame {
  Size canvas;
  int64_t top = 0, left = 0, height = 0, width = 0;
  int transparent = -1;
};

// The canvas is the screen that the file states; where the frame does not fit into it, it is what the frame needs.
Frame first_frame(const Gif& gif, const std::string& name) {
  Frame frame;
  if (!to_frame(gif, frame.transparent)) fail("read_image", "{} is a GIF without a picture", name);
  const GifImageDesc& image = gif->Image;
  frame.top = image.Top, frame.left = image.Left, frame.height = image.Height, frame.width = image.Width;
  if (frame.height < 1 || frame.width < 1) fail("read_image", "{} is a GIF whose first frame is empty", name);
  frame.canvas.height = std::max<int64_t>(gif->SHeight, frame.top + frame.height);
  frame.canvas.width = std::max<int64_t>(gif->SWidth, frame.left + frame.width);
  check_size(name, frame.canvas);
  return frame;
}

// Interlaced rows come in four passes.
void read_rows(const Gif& gif, const Frame& frame, std::vector<uint8_t>& canvas) {
  struct Pass {
    int64_t first, step;
  };
  constexpr std::array<Pass, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  constexpr std::array<Pass, 1> kPlain = {{{0, 1}}};
  const std::span<const Pass> passes = gif->Image.Interlace ? std::span<const Pass>(kInterlaced) : kPlain;
  for (const Pass& pass : passes) {
    for (int64_t y = pass.first; y < frame.height; y += pass.step) {
      uint8_t* row = canvas.data() + (frame.top + y) * frame.canvas.width + frame.left;
      gif.check(DGifGetLine(gif.get(), row, static_cast<int>(frame.width)));
    }
  }
}

bool is_animated(const Gif& gif) {
  try {
    int ignored = -1;
    return to_frame(gif, ignored);
  } catch (const Error&) {
    return false;  // what follows the first frame may be damaged
  }
}

}  // namespace

Raster decode_gif(Bytes file, const std::string& name) {
  const Gif gif(file, name);
  const Frame frame = first_frame(gif, name);
  check_length(name, frame.canvas, 1, file);
  const ColorMapObject* colors = gif->Image.ColorMap != nullptr ? gif->Image.ColorMap : gif->SColorMap;
  if (colors == nullptr) fail("read_image", "{} is a GIF without a palette", name);
  Raster raster;
  raster.height = frame.canvas.height, raster.width = frame.canvas.width, raster.channels = 1;
  for (int i = 0; i < colors->ColorCount; ++i) {
    const GifColorType& color = colors->Colors[i];
    raster.palette.push_back({color.Red, color.Green, color.Blue});
  }
  // Pixels around the frame get its transparent index or the screen's background colour.
  const int around = frame.transparent >= 0           ? frame.transparent
                     : gif->Image.ColorMap == nullptr ? gif->SBackGroundColor
                                                      : 0;
  std::vector<uint8_t> canvas(static_cast<size_t>(raster.height * raster.width),
                              static_cast<uint8_t>(around < colors->ColorCount ? around : 0));
  read_rows(gif, frame, canvas);
  raster.samples = std::move(canvas);
  if (is_animated(gif)) raster.warning = "it has several frames: the first is read";
  return raster;
}

Size gif_size(Bytes file, const std::string& name) {
  const Gif gif(file, name);
  return first_frame(gif, name).canvas;
}

}  // namespace hqsam
