// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/json_pairs.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/data/name_key.h"
#include "hqsam/data/odd_objects.h"
#include "hqsam/data/pairing.h"
#include "hqsam/data/picture_json.h"
#include "hqsam/data/picture_names.h"

namespace hqsam {
namespace {

using nlohmann::json;
using Indices = std::vector<size_t>;

constexpr int kLooks = 50;  // JSONs that are read now although their names match pictures

std::string folder_of(std::string_view name) {
  return std::string(name.substr(0, name.size() - base_name(name).size()));
}

// Indices of files by a part of their names: by exact spelling, else by name_key. Each table is built when it is first
// used, since a large set may need only one.
class Places {
 public:
  using Part = std::function<std::string_view(std::string_view name)>;
  Places(const std::vector<DataFile>& files, Part part) : files_(files), part_(std::move(part)) {}

  const Indices& find(std::string_view name) {
    static const Indices none;
    if (exact_.empty()) fill(exact_, [](std::string_view part) { return part; });
    if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
    if (alike_.empty()) fill(alike_, name_key);
    const auto found = alike_.find(name_key(name));
    return found == alike_.end() ? none : found->second;
  }

 private:
  void fill(auto& table, auto key) {
    for (size_t i = 0; i < files_.size(); ++i) table[key(part_(files_[i].name))].push_back(i);
  }

  const std::vector<DataFile>& files_;
  Part part_;
  std::unordered_map<std::string_view, Indices> exact_;  // of the files' own names
  std::unordered_map<std::string, Indices> alike_;
};

class Pairs {
 public:
  Pairs(const SetOptions& options, const std::vector<DataFile>& pictures, const JsonFormat& format)
      : options_(options),
        pictures_(pictures),
        format_(format),
        jsons_(pictures.size()),
        by_key_(pictures, format.key),
        by_name_(pictures, [](std::string_view name) { return name; }),
        by_last_key_(pictures, [&format](std::string_view name) { return base_name(format.key(name)); }),
        by_last_name_(pictures, base_name) {}

  std::vector<AnnotatedPicture> with(const std::vector<DataFile>& jsons) {
    std::vector<const DataFile*> others;
    for (const DataFile& file : jsons) {
      if (!pair_by_key(file)) others.push_back(&file);
    }
    for (const DataFile* file : others) pair_by_content(*file);
    check(jsons.size());
    warn();
    std::vector<AnnotatedPicture> annotated;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      if (jsons_[i] == nullptr) continue;
      annotated.emplace_back();
      annotated.back().picture = pictures_[i];
      annotated.back().name = pictures_[i].name;
      annotated.back().objects_file = *jsons_[i];
    }
    return annotated;
  }

 private:
  Indices by_key(const DataFile& file) {
    const std::string_view key = format_.key(file.name);
    if (const Indices& found = by_key_.find(key); !found.empty()) return found;
    if (const Indices& found = by_name_.find(without_extension(file.name)); !found.empty()) return found;
    if (options_.annotations.empty()) return {};
    const Indices& found = by_last_key_.find(base_name(key));
    return found.size() == 1 ? found : Indices();
  }

  Indices by_stated_name(const DataFile& file, const std::string& stated) {
    if (const Indices& found = by_name_.find(folder_of(file.name) + stated); !found.empty()) return found;
    return by_last_name_.find(stated);
  }

  json read(const DataFile& file) const {
    json object = parse_picture_json(DataBytes(file).text(), file.label());
    if (format_.is_of(object)) return object;
    fail(format_.function, "{} is not a JSON of {}'s; it is {}", file.label(), format_.tool, kind_of_json(object));
  }

  std::string stated_name(const json& object) const { return std::string(base_name(format_.picture(object))); }

  void take(size_t picture, const DataFile& file) {
    if (jsons_[picture] == nullptr) {
      jsons_[picture] = &file;
    } else {
      doubles_.push_back(file.label());
    }
  }

  // False where no picture is called like the file.
  bool pair_by_key(const DataFile& file) {
    Indices found = by_key(file);
    if (found.empty()) return false;
    if (found.size() == 1 && looks_++ >= kLooks) {
      take(found.front(), file);
      return true;
    }
    const std::string stated = stated_name(read(file));
    if (found.size() > 1) {
      const Indices all = found;
      std::erase_if(found, [&](size_t i) { return name_key(base_name(pictures_[i].name)) != name_key(stated); });
      if (found.size() != 1) ambiguous(file, all);
    }
    take(found.front(), file);
    const Indices other = by_stated_name(file, stated);
    const bool disagree = !other.empty() && std::find(other.begin(), other.end(), found.front()) == other.end();
    if (disagree) disagreeing_.push_back(fmt::format("{} (states {})", file.label(), shown_short(stated)));
    return true;
  }

  void pair_by_content(const DataFile& file) {
    std::string stated;
    try {
      stated = stated_name(read(file));
    } catch (const Error& error) {
      if (foreign_.empty()) first_foreign_ = error.what();
      foreign_.push_back(file.label());
      return;
    }
    const Indices found = by_stated_name(file, stated);
    if (found.size() > 1) ambiguous(file, found);
    if (found.empty()) {
      missing_.push_back(fmt::format("{} (of '{}')", file.label(), shown_short(stated)));
    } else {
      take(found.front(), file);
    }
  }

  [[noreturn]] void ambiguous(const DataFile& file, const Indices& found) const {
    std::vector<std::string> names;
    for (const size_t i : found) names.push_back(pictures_[i].label());
    fail(format_.function, "{} may be of several pictures: {}", file.label(), first_few(names));
  }

  void check(size_t jsons) const {
    const auto paired = std::count_if(jsons_.begin(), jsons_.end(), [](const auto* file) { return file != nullptr; });
    if (!missing_.empty()) {
      fail(format_.function, "data set '{}': {} of {} JSONs have no picture in {}: {}", options_.name, missing_.size(),
           jsons, options_.images.string(), first_few(missing_));
    }
    if (paired > 0) return;
    if (!first_foreign_.empty()) throw Error(first_foreign_);
    fail(format_.function, "data set '{}': {} has {} pictures and {} JSONs; {}'s are a JSON for each picture{}",
         options_.name, options_.images.string(), pictures_.size(), jsons, format_.tool,
         options_.annotations.empty() ? ", beside it or in the folder 'annotations'" : "");
  }

  void warn() const {
    const auto say = [&](const std::vector<std::string>& names, const char* what) {
      if (!names.empty()) spdlog::warn("data set '{}': {} {}: {}", options_.name, names.size(), what, first_few(names));
    };
    std::vector<std::string> alone;
    for (size_t i = 0; i < pictures_.size(); ++i) {
      if (jsons_[i] == nullptr) alone.push_back(pictures_[i].label());
    }
    say(alone, "pictures without a JSON are left out");
    say(doubles_, "JSONs are left out: their pictures have other JSONs");
    say(foreign_, "JSONs of other kinds are left out");
    say(disagreeing_, "JSONs name another picture than their file name does; the file name counts");
  }

  const SetOptions& options_;
  const std::vector<DataFile>& pictures_;
  const JsonFormat& format_;
  std::vector<const DataFile*> jsons_;  // of each picture
  Places by_key_, by_name_, by_last_key_, by_last_name_;
  int looks_ = 0;
  std::vector<std::string> missing_, doubles_, foreign_, disagreeing_;
  std::string first_foreign_;
};

}  // namespace

std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const std::vector<DataFile>& pictures,
                                         const std::vector<DataFile>& jsons, const JsonFormat& format) {
  return Pairs(options, pictures, format).with(jsons);
}

std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const std::vector<DataFile>& files,
                                         const JsonFormat& format) {
  std::vector<DataFile> pictures, jsons;
  for (const DataFile& file : files) {
    if (is_picture_name(file.name)) pictures.push_back(file);
    if (has_extension(file.name, ".json")) jsons.push_back(file);
  }
  return pair_jsons(options, pictures, jsons, format);
}

std::vector<AnnotatedPicture> pair_jsons(const SetOptions& options, const JsonFormat& format) {
  if (options.annotations.empty()) return pair_jsons(options, files_in(options.images), format);
  std::vector<DataFile> files;
  for (const DataFile& file : files_in(options.images)) {
    if (is_picture_name(file.name)) files.push_back(file);
  }
  for (const DataFile& file : files_in(options.annotations)) {
    if (has_extension(file.name, ".json")) files.push_back(file);
  }
  return pair_jsons(options, files, format);
}

}  // namespace hqsam
