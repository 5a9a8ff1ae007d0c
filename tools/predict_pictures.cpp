// SPDX-License-Identifier: Apache-2.0
#include "predict_pictures.h"

#include <algorithm>
#include <map>
#include <set>

#include "hqsam/core/error.h"
#include "hqsam/core/log.h"
#include "hqsam/core/text.h"
#include "hqsam/image/picture_endings.h"
#include "predict_results.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

std::string lower_extension(const fs::path& path) { return lower_case(path.extension().string()); }

// The stem of the picture whose results have this name: "kite" of kite_0.png, kite_labels.png and kite_overlay.jpg,
// else
// "".
std::string origin_of_result(const fs::path& path) {
  const std::string stem = path.stem().string();
  const size_t mark = stem.rfind('_');
  if (mark == std::string::npos || mark + 1 == stem.size()) return "";
  const std::string ending = stem.substr(mark + 1);
  const bool number = ending.find_first_not_of("0123456789") == std::string::npos;
  const bool mask = path.extension() == ".png" && (number || ending == "labels");
  const bool overlay = path.extension() == ".jpg" && ending == "overlay";
  return mask || overlay ? stem.substr(0, mark) : "";
}

bool same_place(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// The contents of a folder.
struct Findings {
  std::vector<fs::path> pictures;
  std::map<std::string, int64_t> others;  // by extension
};

// Whether a file is a mask or an overlay that an earlier run wrote: its name and the JSON beside it say so.
class EarlierResults {
 public:
  bool has(const fs::path& path) {
    const std::string origin = origin_of_result(path);
    if (origin.empty()) return false;
    const fs::path json = path.parent_path() / (origin + ".json");
    const auto [at, added] = files_.emplace(json, std::vector<std::string>());
    if (added) at->second = files_of_results(json);
    if (path.extension() == ".jpg") return !at->second.empty();  // the overlay
    return std::find(at->second.begin(), at->second.end(), path.filename().string()) != at->second.end();
  }

 private:
  std::map<fs::path, std::vector<std::string>> files_;  // by JSON
};

void look_through(const fs::path& folder, const fs::path& output, Findings& findings) {
  using Options = fs::directory_options;
  EarlierResults earlier;
  for (auto at = fs::recursive_directory_iterator(folder, Options::skip_permission_denied);
       at != fs::recursive_directory_iterator(); ++at) {
    const fs::path& path = at->path();
    std::error_code error;
    if (at->is_directory(error)) {
      if (path.filename().string().starts_with('.') || same_place(path, output)) at.disable_recursion_pending();
    } else if (path.filename().string().starts_with('.')) {
      continue;
    } else if (earlier.has(path)) {
      ++findings.others["of an earlier run"];
    } else if (is_picture_ending(path.extension().string())) {
      findings.pictures.push_back(path);  // also a dangling link, which reading reports
    } else {
      const std::string extension = lower_extension(path);
      ++findings.others[extension.empty() ? "without an extension" : extension.substr(0, 20)];
    }
  }
  std::sort(findings.pictures.begin(), findings.pictures.end());
}

std::vector<fs::path> pictures_in(std::string_view command, const std::string& folder, const fs::path& output) {
  Findings findings;
  look_through(folder, output, findings);
  int64_t left_out = 0;
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : findings.others) {
    left_out += count;
    kinds.push_back(fmt::format("{} {}", count, kind));
  }
  if (findings.pictures.empty()) {
    fail(command, "--image {}: no pictures in this folder{}", folder,
         kinds.empty() ? "" : "; it holds " + first_few(kinds));
  }
  if (left_out > 0) {
    spdlog::warn("{}: files left out: {} ({})", folder, left_out, first_few(kinds));
  }
  return findings.pictures;
}

using ByStem = std::map<std::string, fs::path>;

ByStem by_stem(std::string_view command, const std::vector<fs::path>& pictures) {
  ByStem all;
  for (const fs::path& picture : pictures) {
    const auto [at, added] = all.emplace(picture.stem().string(), picture);
    if (added) continue;
    fail(command, "{} and {} would write the same files: give one at a time", at->second.string(), picture.string());
  }
  return all;
}

void check_stems(std::string_view command, const std::vector<fs::path>& pictures, const fs::path& output) {
  const ByStem stems = by_stem(command, pictures);
  for (const fs::path& picture : pictures) {
    if (!same_place(fs::absolute(picture).parent_path(), output)) continue;
    const auto origin = stems.find(origin_of_result(picture));
    if (origin == stems.end()) continue;
    fail(command, "{} would be overwritten by the results of {}: take another --output", picture.string(),
         origin->second.string());
  }
}

std::vector<fs::path> embeddings_in(const std::string& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (lower_extension(entry.path()) == ".safetensors") files.push_back(entry.path());
  }
  if (files.empty()) fail("predict", "--embedding {}: no .safetensors in this folder", folder);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<fs::path> list_pictures(std::string_view command, const std::vector<std::string>& arguments,
                                    const fs::path& output) {
  std::vector<fs::path> pictures;
  std::set<fs::path> known;
  for (const std::string& argument : arguments) {
    const std::vector<fs::path> listed =
        fs::is_directory(argument) ? pictures_in(command, argument, output) : std::vector<fs::path>{argument};
    for (const fs::path& picture : listed) {
      if (known.insert(fs::absolute(picture).lexically_normal()).second) pictures.push_back(picture);
    }
  }
  check_stems(command, pictures, output);
  return pictures;
}

std::vector<fs::path> list_embeddings(const std::vector<std::string>& arguments) {
  std::vector<fs::path> pictures;
  for (const std::string& argument : arguments) {
    const std::vector<fs::path> files =
        fs::is_directory(argument) ? embeddings_in(argument) : std::vector<fs::path>{argument};
    for (const fs::path& file : files) {
      if (file.extension() != ".safetensors") {
        fail("predict", "--embedding {}: expected a .safetensors that --save-embedding wrote", file.string());
      }
      pictures.push_back(fs::path(file).replace_extension());
    }
  }
  by_stem("predict", pictures);
  return pictures;
}

}  // namespace hqsam
