// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/picture_finder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/data/name_key.h"
#include "hqsam/data/pairing.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::string percent_decoded(const std::string& text) {
  const auto hex = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool code = text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                      std::isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (code && text.compare(i, 3, "%00") != 0) {
      decoded.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

// The part after "://host".
std::string without_host(const std::string& name) {
  const size_t scheme = name.find("://");
  if (scheme == std::string::npos) return name;
  const size_t path = name.find('/', scheme + 3);
  return path == std::string::npos ? name : name.substr(path);
}

// The value of d= in a query, or "".
std::string local_file(const std::string& name) {
  const size_t query = name.find('?');
  if (query == std::string::npos) return "";
  size_t at = name.find("d=", query);
  if (at == std::string::npos || (name[at - 1] != '?' && name[at - 1] != '&')) return "";
  at += 2;
  return percent_decoded(name.substr(at, name.find('&', at) - at));
}

std::string join(const std::vector<std::string>& parts, size_t begin, size_t end) {
  std::string joined;
  for (size_t i = begin; i < end; ++i) joined += (i == begin ? "" : "/") + parts[i];
  return joined;
}

// A path's folders and name, with "." and ".." resolved; ".." that lead out of the path are dropped.
std::vector<std::string> parts_of(const std::string& spelling) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(spelling).lexically_normal().relative_path()) {
    if (!part.empty() && part != "." && part != "..") parts.push_back(part.string());
  }
  return parts;
}

// Files by the keys of their names, and the folders that contain files.
class FolderIndex {
 public:
  explicit FolderIndex(const fs::path& folder) : files_(files_in(folder)) {
    for (size_t i = 0; i < files_.size(); ++i) {
      const std::string key = "/" + name_key(files_[i].name);
      const size_t slash = key.rfind('/');
      keys_.push_back(key);
      by_name_[key.substr(slash + 1)].push_back(i);
      if (is_picture_name(files_[i].name)) by_stem_[key.substr(slash + 1, key.rfind('.') - slash - 1)].push_back(i);
      add_folder(key.substr(0, slash));
    }
  }

  // Rules 2 and 3 of find_pictures; nothing where no file has the name.
  std::optional<FoundPicture> find(const std::string& spelling, bool by_stem) const {
    const std::vector<std::string> parts = parts_of(spelling);
    if (parts.empty()) return std::nullopt;
    const auto& table = by_stem ? by_stem_ : by_name_;
    const auto at = table.find(name_key(parts.back()));
    if (at == table.end()) return std::nullopt;
    std::vector<size_t> candidates = at->second;
    std::vector<size_t> exact;
    for (const size_t i : candidates) {
      if (by_stem || base(i) == parts.back()) exact.push_back(i);
    }
    if (!exact.empty()) candidates = exact;
    for (size_t begin = 0; begin + 1 < parts.size(); ++begin) {
      const std::string folder = "/" + name_key(join(parts, begin, parts.size() - 1));
      if (folders_.contains(folder)) return one_of(candidates, folder);
    }
    return one_of(candidates, "");
  }

  size_t size() const { return files_.size(); }

 private:
  // Registers a folder "/x/y" and its shorter form "/y".
  void add_folder(const std::string& folder) {
    if (!folders_.insert(folder).second) return;
    for (size_t at = folder.find('/', 1); at != std::string::npos; at = folder.find('/', at + 1)) {
      folders_.insert(folder.substr(at));
    }
  }

  std::string base(size_t i) const { return files_[i].name.substr(files_[i].name.rfind('/') + 1); }

  // The only candidate in a folder whose path ends like this, else the reason why there is none.
  FoundPicture one_of(const std::vector<size_t>& candidates, const std::string& folder) const {
    std::vector<size_t> left;
    for (const size_t i : candidates) {
      const std::string_view own = std::string_view(keys_[i]).substr(0, keys_[i].rfind('/'));
      if (!folder.empty() && own == folder) return {files_[i], ""};
      if (own.ends_with(folder)) left.push_back(i);
    }
    if (left.empty()) return {{}, "not there"};
    if (left.size() == 1) return {files_[left[0]], ""};
    return {{}, fmt::format("may be {} or {}", files_[left[0]].name, files_[left[1]].name)};
  }

  std::vector<DataFile> files_;
  std::vector<std::string> keys_;  // "/" and the key of a file's name
  std::unordered_map<std::string, std::vector<size_t>> by_name_, by_stem_;
  std::unordered_set<std::string> folders_;  // "/x", "/x/y" and "/y" of x/y/a.jpg
};

class Finder {
 public:
  explicit Finder(const fs::path& folder) : folder_(fs::absolute(folder).lexically_normal()) {
    if (!folder_.has_filename()) folder_ = folder_.parent_path();
    std::error_code error;
    if (!fs::is_directory(folder_, error)) fail("find_pictures", "no folder {}", folder.string());
    given_ = folder;
  }

  // Rule 1.
  std::optional<FoundPicture> at_path(const std::string& spelling) const {
    const fs::path relative = (folder_ / spelling).lexically_normal().lexically_relative(folder_);
    std::error_code error;
    if (spelling.find('\0') != std::string::npos) return std::nullopt;
    if (relative.empty() || *relative.begin() == ".." || !fs::is_regular_file(folder_ / relative, error)) {
      return std::nullopt;
    }
    return FoundPicture{{relative.generic_string(), given_ / relative, -1, 0}, ""};
  }

  FoundPicture by_index(const std::vector<std::string>& spellings) {
    if (!index_) index_.emplace(given_);
    FoundPicture first = {{}, "not there"};
    for (const bool by_stem : {false, true}) {
      for (const std::string& spelling : spellings) {
        const auto found = index_->find(spelling, by_stem);
        if (!found) continue;
        if (!found->file.empty()) return *found;
        first = *found;
      }
    }
    return first;
  }

 private:
  fs::path folder_, given_;
  std::optional<FolderIndex> index_;
};

// The possible readings of a name, the likeliest first, which is the name itself.
std::vector<std::string> spellings_of(const std::string& name) {
  std::vector<std::string> spellings = {name};
  const auto add = [&](const std::string& spelling) {
    const bool known = std::find(spellings.begin(), spellings.end(), spelling) != spellings.end();
    if (!spelling.empty() && !known) spellings.push_back(spelling);
  };
  std::string slashes = name;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  add(slashes);
  const std::string path = without_host(slashes);
  add(path);
  add(local_file(path));
  const std::string plain = path.substr(0, path.find_first_of("?#"));
  add(plain);
  std::string decoded = percent_decoded(plain);
  std::replace(decoded.begin(), decoded.end(), '\\', '/');
  add(decoded);
  return spellings;
}

}  // namespace

std::vector<FoundPicture> find_pictures(const fs::path& folder, const std::vector<std::string>& names) {
  Finder finder(folder);
  std::vector<FoundPicture> found;
  std::vector<char> guessed;
  std::map<std::string, size_t> takers;  // the first name that took a file
  std::map<std::string, bool> contested;
  for (const std::string& name : names) {
    const std::vector<std::string> spellings = spellings_of(name);
    std::optional<FoundPicture> picture;
    for (size_t i = 0; i < spellings.size() && !picture; ++i) picture = finder.at_path(spellings[i]);
    guessed.push_back(!picture);
    found.push_back(picture ? *picture : finder.by_index(spellings));
    const std::string& file = found.back().file.name;
    if (file.empty()) continue;
    const auto [taker, first] = takers.emplace(file, found.size() - 1);
    if (!first && names[taker->second] != name) contested[file] = true;
  }
  for (size_t i = 0; i < found.size(); ++i) {
    if (guessed[i] && contested.contains(found[i].file.name)) {
      found[i] = {{}, fmt::format("{} is another one's too", found[i].file.name)};
    }
  }
  return found;
}

}  // namespace hqsam
