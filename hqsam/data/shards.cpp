// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/shards.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/picture_names.h"
#include "hqsam/data/tar_index.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFunction = "files_of_shards";
constexpr size_t kMaxShards = 100'000;

bool is_packed(std::string_view name) {
  for (const char* extension : {".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tar.lz4"}) {
    if (has_extension(name, extension)) return true;
  }
  return false;
}

int64_t parse_number(std::string_view digits, const std::string& pattern) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    fail(kFunction, "'{}': expected {{000..012}} or {{a,b}}, got '{}' between the braces", pattern, digits);
  }
  return value;
}

// Expands the alternatives between two braces.
std::vector<std::string> choices(std::string_view inside, const std::string& pattern) {
  std::vector<std::string> list;
  const size_t dots = inside.find("..");
  if (dots == std::string_view::npos) {
    for (size_t at = 0; at <= inside.size();) {
      const size_t end = std::min(inside.find(',', at), inside.size());
      list.emplace_back(inside.substr(at, end - at));
      at = end + 1;
    }
    return list;
  }
  const std::string_view first = inside.substr(0, dots), last = inside.substr(dots + 2);
  const int64_t begin = parse_number(first, pattern), end = parse_number(last, pattern);
  if (end < begin || end - begin >= static_cast<int64_t>(kMaxShards)) {
    fail(kFunction, "'{}': from {} to {} are no shards, or more than {}", pattern, begin, end, kMaxShards);
  }
  const bool padded = first.starts_with('0') || last.starts_with('0');
  const size_t width = padded ? std::max(first.size(), last.size()) : 0;
  for (int64_t number = begin; number <= end; ++number) list.push_back(fmt::format("{:0{}}", number, width));
  return list;
}

std::vector<std::string> expand(const std::string& pattern) {
  std::vector<std::string> names = {""};
  for (size_t at = 0; at < pattern.size();) {
    const size_t open = std::min(pattern.find('{', at), pattern.size());
    for (std::string& name : names) name += pattern.substr(at, open - at);
    if (open == pattern.size()) break;
    const size_t close = pattern.find('}', open);
    if (close == std::string::npos) fail(kFunction, "'{}': a '{{' without its '}}'", pattern);
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (const std::string& choice : choices(std::string_view(pattern).substr(open + 1, close - open - 1), pattern)) {
        longer.push_back(name + choice);
      }
      if (longer.size() > kMaxShards) fail(kFunction, "'{}' are more than {} shards", pattern, kMaxShards);
    }
    names = std::move(longer);
    at = close + 1;
  }
  return names;
}

struct Shard {
  std::string name;  // without .tar
  fs::path path;
};

std::vector<Shard> shards_in(const fs::path& folder) {
  std::vector<Shard> shards;
  std::vector<std::string> packed;
  for (const DataFile& file : files_in(folder)) {
    if (has_extension(file.name, ".tar")) shards.push_back({std::string(without_extension(file.name)), file.path});
    if (is_packed(file.name)) packed.push_back(file.name);
  }
  if (shards.empty()) {
    fail(kFunction, "{} has no .tar files{}", folder.string(),
         packed.empty() ? "" : ": decompress these first: " + first_few(packed));
  }
  if (!packed.empty()) {
    spdlog::warn("{}: {} compressed shards are left out, decompress them first: {}", folder.string(), packed.size(),
                 first_few(packed));
  }
  return shards;
}

std::vector<Shard> shards_of_pattern(const std::string& pattern) {
  std::vector<Shard> shards;
  std::vector<std::string> missing;
  std::map<std::string, int> stems;
  std::error_code error;
  for (const fs::path path : expand(pattern)) {
    if (!fs::is_regular_file(path, error)) missing.push_back(path.string());
    shards.push_back({path.stem().string(), path});
    ++stems[shards.back().name];
  }
  if (!missing.empty()) {
    fail(kFunction, "'{}': {} of {} shards are not there: {}", pattern, missing.size(), shards.size(),
         first_few(missing));
  }
  for (Shard& shard : shards) {  // several folders may have a 000.tar
    if (stems[shard.name] > 1) shard.name = (shard.path.relative_path().parent_path() / shard.name).generic_string();
  }
  return shards;
}

std::vector<Shard> shards_of(const fs::path& images) {
  std::error_code error;
  if (fs::is_directory(images, error)) return shards_in(images);
  if (fs::exists(images, error)) return {{images.stem().string(), images}};
  if (images.string().find('{') != std::string::npos) return shards_of_pattern(images.string());
  fail(kFunction, "no shard {}", images.string());
}

}  // namespace

bool names_shards(const fs::path& images) {
  std::error_code error;
  if (!fs::is_directory(images, error)) return has_extension(images.string(), ".tar") || is_packed(images.string());
  bool tar = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(images, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) continue;
    if (is_picture_name(name)) return false;
    tar = tar || has_extension(name, ".tar") || is_packed(name);
  }
  return tar;
}

std::vector<DataFile> files_of_shards(const fs::path& images) {
  std::vector<DataFile> files;
  for (const Shard& shard : shards_of(images)) {
    for (DataFile& file : files_in_tar(shard.path)) {
      file.name = shard.name + "/" + file.name;
      files.push_back(std::move(file));
    }
  }
  if (files.empty()) fail(kFunction, "{} has no files in it", images.string());
  return files;
}

}  // namespace hqsam
