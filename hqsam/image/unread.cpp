// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/image/bytes.h"
#include "hqsam/image/formats.h"

namespace hqsam {
namespace {

constexpr const char* kConvert = "convert it to JPEG or PNG";
constexpr const char* kDevelop = "develop it to JPEG, PNG or TIFF";
constexpr const char* kUnpack = "unpack it";
constexpr const char* kSlices = "export its slices as PNG, TIFF or .npy";

// A file type recognised by bytes at an offset, and what to advise the user.
struct Magic {
  uint64_t at;
  std::string_view bytes;
  const char* what;
  const char* advice;
};

using namespace std::string_view_literals;
constexpr Magic kMagics[] = {
    {0, "\xff\x0a"sv, "a JPEG XL picture", kConvert},
    {0, "\0\0\0\x0cJXL \r\n\x87\n"sv, "a JPEG XL picture", kConvert},
    {0, "II\xbc"sv, "a JPEG XR picture", kConvert},
    {0, "8BPS"sv, "a Photoshop document (PSD)", kConvert},
    {0, "gimp xcf"sv, "a GIMP document (XCF)", kConvert},
    {0, "%PDF"sv, "a PDF document", "export its pages as PNG"},
    {0, "%!PS"sv, "a PostScript document", "export its pages as PNG"},
    {0, "AT&TFORM"sv, "a DjVu document", "export its pages as PNG"},
    {0, "\x76\x2f\x31\x01"sv, "an OpenEXR picture", "convert it to a float TIFF or PNG"},
    {0, "#?RADIANCE"sv, "a Radiance HDR picture", "convert it to a float TIFF or PNG"},
    {0, "#?RGBE"sv, "a Radiance HDR picture", "convert it to a float TIFF or PNG"},
    {0, "P7\n"sv, "a PAM picture", kConvert},
    {0, "PF\n"sv, "a PFM picture", "convert it to a float TIFF or .npy"},
    {0, "Pf\n"sv, "a PFM picture", "convert it to a float TIFF or .npy"},
    {0, "\x59\xa6\x6a\x95"sv, "a Sun raster picture", kConvert},
    {0, "\0\0\1\0"sv, "an icon (ICO)", kConvert},
    {0, "DDS "sv, "a DDS texture", kConvert},
    {0, "qoif"sv, "a QOI picture", kConvert},
    {0, "BPG\xfb"sv, "a BPG picture", kConvert},
    {0, "\x8aMNG"sv, "an MNG animation", kConvert},
    {0, "FUJIFILMCCD-RAW"sv, "a camera's raw picture (RAF)", kDevelop},
    {0, "IIRO"sv, "a camera's raw picture (ORF)", kDevelop},
    {0, "IIRS"sv, "a camera's raw picture (ORF)", kDevelop},
    {0, "MMOR"sv, "a camera's raw picture (ORF)", kDevelop},
    {0, "IIU\0"sv, "a camera's raw picture (RW2)", kDevelop},
    {128, "DICM"sv, "a DICOM picture", kSlices},
    {344, "n+1\0"sv, "a NIfTI volume", kSlices},
    {344, "ni1\0"sv, "a NIfTI volume", kSlices},
    {0, "SIMPLE  ="sv, "a FITS file", "export it as TIFF or .npy"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file", "export its pictures as PNG, TIFF or .npy"},
    {0, "MATLAB 5.0"sv, "a MATLAB file", "export its pictures as PNG, TIFF or .npy"},
    {0, "\x80\x02"sv, "a Python pickle", "save its array by numpy.save"},
    {0, "\x80\x04\x95"sv, "a Python pickle", "save its array by numpy.save"},
    {0, "\x1f\x8b"sv, "packed by gzip", kUnpack},
    {0, "BZh"sv, "packed by bzip2", kUnpack},
    {0,
     "\xfd"
     "7zXZ"sv,
     "packed by xz", kUnpack},
    {0, "\x28\xb5\x2f\xfd"sv, "packed by Zstandard", kUnpack},
    {0, "7z\xbc\xaf"sv, "a 7z archive", kUnpack},
    {0, "Rar!"sv, "a RAR archive", kUnpack},
    {257, "ustar"sv, "a tar archive", kUnpack},
    {0, "RIFF"sv, "a RIFF file, but not a WebP picture", kConvert},
    {0, "\x1a\x45\xdf\xa3"sv, "a video (Matroska, WebM)", "take frames out of it"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer", "fetch the file itself by `git lfs pull`"},
};

struct Found {
  std::string what;
  const char* advice;
};

// HEIF-like files and videos state their brands in the first box: a major brand, then compatible ones.
std::optional<Found> by_brand(const ByteView& view) {
  if (!view.has(4, "ftyp")) return std::nullopt;
  std::string brands;
  const uint64_t end = std::clamp<uint64_t>(view.u32(0), 16, 128);
  for (uint64_t at = 8; at < end; at += at == 8 ? 8 : 4) brands += std::string(ByteView::text(view.part(at, 4))) + ' ';
  const auto has = [&](std::string_view brand) { return brands.find(brand) != std::string::npos; };
  if (has("avif") || has("avis")) return Found{"an AVIF picture", kConvert};
  if (has("crx ")) return Found{"a camera's raw picture (CR3)", kDevelop};
  if (has("jxl ")) return Found{"a JPEG XL picture", kConvert};
  for (const char* brand : {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}) {
    if (has(brand)) return Found{"a HEIC picture", kConvert};
  }
  return Found{"a video (MP4, MOV)", "take frames out of it"};
}

std::optional<Found> archive(const ByteView& view) {
  if (view.has(0, "PK\3\4")) {
    const std::string_view name = ByteView::text(view.part(30, view.part(26, 2).empty() ? 0 : view.u8(26)));
    if (name.ends_with(".npy")) return Found{"a NumPy archive (.npz)", "save each array by numpy.save"};
    return Found{"a zip archive", kUnpack};
  }
  const ByteView little{view.bytes, false};
  if (view.has(8, "{\"") && little.u64(0) < view.bytes.size()) return Found{"a safetensors file", "give a picture"};
  return std::nullopt;
}

bool is_text(Bytes start) {
  return std::all_of(start.begin(), start.end(), [](std::byte byte) {
    const auto c = std::to_integer<unsigned>(byte);
    return c >= 0x20 ? c != 0x7f : c == '\t' || c == '\n' || c == '\r' || c == '\f';
  });
}

std::optional<Found> text(const ByteView& view) {
  const Bytes start = view.from(0, 512);
  if (!is_text(start)) return std::nullopt;
  std::string words(ByteView::text(start));
  if (words.starts_with("\xef\xbb\xbf")) words.erase(0, 3);
  words.erase(0, words.find_first_not_of(" \t\r\n\f"));
  std::string lower = words;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (lower.find("<svg") != std::string::npos) return Found{"an SVG drawing", "render it to PNG"};
  if (lower.starts_with("<!doctype html") || lower.find("<html") != std::string::npos) {
    return Found{"an HTML page", "download the picture itself"};
  }
  if (lower.starts_with("<?xml") || lower.starts_with("<")) return Found{"an XML file", "give a picture"};
  if (words.starts_with("{") || words.starts_with("[")) return Found{"a JSON file", "give a picture"};
  std::string begin;
  for (const char c : words.substr(0, 30)) begin += c >= 0x20 && c < 0x7f ? c : ' ';
  return Found{"a text (\"" + begin + "\")", "give a picture"};
}

std::optional<Found> find(const ByteView& view) {
  if (auto found = by_brand(view)) return found;
  for (const Magic& magic : kMagics) {
    if (view.has(magic.at, magic.bytes)) return Found{magic.what, magic.advice};
  }
  if (auto found = archive(view)) return found;
  return text(view);
}

}  // namespace

void refuse_unread(std::span<const std::byte> file, const std::string& name) {
  if (file.empty()) fail("read_image", "{} is empty: fetch or write it again", name);
  const ByteView view{file};
  if (const auto found = find(view)) {
    fail("read_image", "{} is {}, which hqsam does not read: {}", name, found->what, found->advice);
  }
  const bool zeros = std::all_of(file.begin(), file.end(), [](std::byte byte) { return byte == std::byte{0}; });
  if (zeros) fail("read_image", "{} holds nothing but zeros, {} bytes of them: fetch it again", name, file.size());
  std::string start;
  for (const std::byte byte : view.from(0, 8)) start += fmt::format(" {:02x}", std::to_integer<unsigned>(byte));
  fail("read_image", "{} is not a picture of a known format; it begins with the bytes{}", name, start);
}

}  // namespace hqsam
