// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/foreign_file.h"

#include <algorithm>
#include <string_view>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {
namespace {

constexpr size_t kLookedAt = 2048;
constexpr std::string_view kDownloadAgain = "download it anew, with a look at what comes";

struct Signature {
  std::string_view begin, what;
};
constexpr Signature kSignatures[] = {
    {"\x1f\x8b", "a gzip archive: unpack it (gunzip, or tar -xzf) and name the file in it"},
    {"BZh", "a bzip2 archive: unpack it and name the file in it"},
    {"\xfd"
     "7zXZ",
     "an xz archive: unpack it and name the file in it"},
    {"\x28\xb5\x2f\xfd", "a zstd archive: unpack it and name the file in it"},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and name the file in it"},
    {"Rar!", "a rar archive: unpack it and name the file in it"},
    {"\x89HDF", "an HDF5 (Keras) file: weights of PyTorch are expected"},
    {"GGUF", "a GGUF file: weights of PyTorch are expected"},
    {"\x93NUMPY", "a NumPy array: weights of PyTorch are expected"},
    {"\x89PNG", "a PNG picture: weights are expected"},
    {"\xff\xd8\xff", "a JPEG picture: weights are expected"},
    {"%PDF", "a PDF document: weights are expected"},
    {"\x7f"
     "ELF",
     "a program: weights are expected"},
    {"\x80\x02", "a plain pickle: write weights in Python with torch.save(model.state_dict(), path)"},
    {"\x80\x03", "a plain pickle: write weights in Python with torch.save(model.state_dict(), path)"},
    {"\x80\x04", "a plain pickle: write weights in Python with torch.save(model.state_dict(), path)"},
    {"\x80\x05", "a plain pickle: write weights in Python with torch.save(model.state_dict(), path)"},
};

// The rest of the line behind a word, e.g. the number behind "size ".
std::string_view behind(std::string_view text, std::string_view word) {
  const size_t at = text.find(word);
  if (at == text.npos) return {};
  const std::string_view rest = text.substr(at + word.size());
  return rest.substr(0, std::min(rest.find_first_of("\r\n"), rest.size()));
}

// The text in lower case, without leading spaces and byte-order mark.
std::string small_letters(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return lower_case(text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())));
}

}  // namespace

std::string foreign_file(std::span<const std::byte> file) {
  const std::string_view front = as_text(file.first(std::min(file.size(), kLookedAt)));
  if (front.starts_with("version https://git-lfs")) {
    return fmt::format("a Git LFS pointer to a file of {} bytes, not that file: fetch it with git lfs pull",
                       shown_short(behind(front, "size ")));
  }
  const std::string small = small_letters(front);
  if (small.starts_with("<!doctype html") || small.starts_with("<html") || small.starts_with("<head")) {
    return fmt::format("a web page (HTML), not the file behind its link: {}", kDownloadAgain);
  }
  if (small.starts_with("<?xml")) return fmt::format("an XML text, likely a server's error: {}", kDownloadAgain);
  if (small.starts_with("{") || small.starts_with("[")) {
    return "a JSON text: name the weights themselves, or the folder where it is of Hugging Face";
  }
  for (const auto& [begin, what] : kSignatures) {
    if (front.starts_with(begin)) return std::string(what);
  }
  const bool zeros = std::all_of(front.begin(), front.end(), [](char c) { return c == '\0'; });
  if (zeros) return "a file of zeros, as a broken download leaves it: fetch it again";
  return fmt::format("a file that begins with '{}'", shown_short(front.substr(0, 16)));
}

}  // namespace hqsam
