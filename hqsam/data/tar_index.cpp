// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/tar_index.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/data/tar_header.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "files_in_tar";
constexpr int64_t kMaxRecords = 1 << 20;  // bytes of a long name or of pax records
constexpr size_t kMaxName = 4096;         // bytes
constexpr int64_t kMaxBehind = 1 << 16;   // bytes searched after the archive's end

// A file that is read in pieces at any offset.
class Pieces {
 public:
  explicit Pieces(const fs::path& path) : file_(path) {}

  int64_t size() const { return static_cast<int64_t>(file_.size()); }
  const fs::path& path() const { return file_.path(); }

  // At most count bytes; fewer at the file's end.
  std::string read(int64_t offset, int64_t count) const {
    std::string bytes(static_cast<size_t>(std::clamp<int64_t>(size() - offset, 0, count)), '\0');
    file_.read(static_cast<uint64_t>(offset), std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

 private:
  OpenFile file_;
};

// The compression of a file that begins like this; "" if none.
const char* compression(std::string_view begin) {
  if (begin.starts_with("\x1f\x8b")) return "gzip";
  if (begin.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  if (begin.starts_with("\xfd"
                        "7zXZ"))
    return "xz";
  if (begin.starts_with("BZh")) return "bzip2";
  if (begin.starts_with("\x04\x22\x4d\x18")) return "lz4";
  if (begin.starts_with("PK\x03\x04")) return "zip";
  return "";
}

enum class Fate { kTaken, kHidden, kUnsafe };

// Normalizes a member's name: parts separated by single slashes.
Fate clean(std::string& name) {
  if (name.size() > kMaxName) return Fate::kUnsafe;
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return Fate::kUnsafe;
  }
  std::string parts;
  Fate fate = Fate::kTaken;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = std::string_view(name).substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return Fate::kUnsafe;
    if (part.starts_with('.')) fate = Fate::kHidden;
    if (!parts.empty()) parts += '/';
    parts += part;
  }
  name = std::move(parts);
  return name.empty() ? Fate::kUnsafe : fate;
}

// Walks over the headers of one archive.
class Walk {
 public:
  explicit Walk(const fs::path& path) : file_(path) {}

  std::vector<DataFile> files() {
    check_begin();
    while (step()) {
    }
    warn();
    return std::move(files_);
  }

 private:
  std::string name() const { return file_.path().string(); }

  void check_begin() const {
    if (file_.size() == 0) fail(kFunction, "{} is empty", name());
    const char* packed = compression(file_.read(0, 8));
    if (*packed != '\0') {
      fail(kFunction, "{} is compressed by {}, in which members cannot be found: decompress it first", name(), packed);
    }
  }

  // Takes the member at at_; false at the archive's end.
  bool step() {
    if (at_ == file_.size()) return false;  // the closing zeros are missing: the writer did not close the archive
    const std::string block = file_.read(at_, kTarBlock);
    if (static_cast<int64_t>(block.size()) < kTarBlock) {
      fail(kFunction, "{} is {}: it ends at byte {} within a header", name(), at_ == 0 ? "not a tar" : "cut off",
           file_.size());
    }
    if (is_zero_block(block)) {
      check_behind();
      return false;
    }
    const std::optional<TarHeader> header = is_tar_header(block) ? parse_tar_header(block) : std::nullopt;
    if (!header) {
      if (at_ == 0) fail(kFunction, "{} is not a tar: its first 512 bytes are not a header", name());
      fail(kFunction, "{} is corrupt: the header at byte {} is none, or its checksum is wrong", name(), at_);
    }
    take(*header);
    return true;
  }

  void take(const TarHeader& header) {
    const int64_t begin = at_ + kTarBlock;
    const bool special = std::strchr("LKxg", header.type) != nullptr && header.type != '\0';
    std::string called = !special && pax_.path ? *pax_.path : !special && long_name_ ? *long_name_ : header.name;
    int64_t size = !special && pax_.size ? *pax_.size : header.size;
    if (header.type >= '1' && header.type <= '6') size = 0;  // links, devices and folders have no bytes
    if (size > file_.size() - begin) {
      fail(kFunction, "{} is cut off: '{}' should have {} bytes from byte {}, but the file ends at byte {}", name(),
           shown_short(called), size, begin, file_.size());
    }
    at_ = std::min(file_.size(), begin + (size + kTarBlock - 1) / kTarBlock * kTarBlock);
    if (special) return read_special(header, begin, size);
    const bool sparse = pax_.sparse || header.type == 'S';
    pax_ = {};
    long_name_.reset();
    if (sparse)
      fail(kFunction, "{}: '{}' is a sparse member: pack it anew without --sparse", name(), shown_short(called));
    if (header.type == 'M') fail(kFunction, "{} is one of several volumes of an archive", name());
    add(std::move(called), header.type, begin, size);
  }

  void read_special(const TarHeader& header, int64_t begin, int64_t size) {
    if (size > kMaxRecords) {
      fail(kFunction, "{}: {} bytes of name or pax records at byte {}; at most {} are read", name(), size, begin,
           kMaxRecords);
    }
    const std::string bytes = file_.read(begin, size);
    if (header.type == 'L') long_name_ = bytes.substr(0, bytes.find('\0'));
    if (header.type != 'x') return;  // K: the name that a link leads to; g: comments on the whole
    const std::optional<PaxRecords> records = parse_pax(bytes);
    if (!records) fail(kFunction, "{} is corrupt: malformed pax records at byte {}", name(), begin);
    pax_ = *records;
  }

  void add(std::string called, char type, int64_t begin, int64_t size) {
    if (type == '5' || type == 'D' || type == 'V') return;  // folders, lists of folders, the archive's label
    const Fate fate = clean(called);
    if (fate == Fate::kHidden) return;
    if (fate == Fate::kUnsafe) return leave("name", called);
    if (type == '1' || type == '2') return leave("link", called);
    if (type != '0' && type != '\0' && type != '7') return leave("special file", called);
    const auto [place, fresh] = places_.try_emplace(called, files_.size());
    if (!fresh) {
      leave("double", called);
      files_[place->second].path.clear();
      place->second = files_.size();
    }
    files_.push_back({std::move(called), file_.path(), begin, size});
  }

  void leave(const char* kind, const std::string& called) {
    if (left_out_++ == 0) first_left_ = fmt::format("the {} '{}'", kind, shown_short(called));
  }

  // Detects archives joined by cat, whose second part readers ignore.
  void check_behind() const {
    const std::string rest = file_.read(at_, kMaxBehind);
    for (size_t at = 0; at + kTarBlock <= rest.size(); at += kTarBlock) {
      const std::string_view block = std::string_view(rest).substr(at, kTarBlock);
      if (is_zero_block(block)) continue;
      if (!is_tar_header(block)) return;
      fail(kFunction, "{} ends at byte {}, but another archive begins at byte {}: keep them as two shards", name(), at_,
           at_ + static_cast<int64_t>(at));
    }
  }

  void warn() {
    std::erase_if(files_, [](const DataFile& file) { return file.path.empty(); });
    if (left_out_ == 0) return;
    spdlog::warn("{}: {} members are left out (links, special files, unsafe names, doubles), the first is {}", name(),
                 left_out_, first_left_);
  }

  Pieces file_;
  int64_t at_ = 0;
  PaxRecords pax_;
  std::optional<std::string> long_name_;
  std::vector<DataFile> files_;
  std::unordered_map<std::string, size_t> places_;  // of files_, by name
  int64_t left_out_ = 0;
  std::string first_left_;
};

}  // namespace

std::vector<DataFile> files_in_tar(const fs::path& shard) { return Walk(shard).files(); }

std::string_view sample_key(std::string_view name) {
  const size_t slash = name.rfind('/'), begin = slash == std::string_view::npos ? 0 : slash + 1;
  return name.substr(0, name.find('.', begin));
}

}  // namespace hqsam
