// SPDX-License-Identifier: Apache-2.0
#include "hqsam/serve/picture_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/text.h"
#include "hqsam/image/codec.h"
#include "hqsam/image/orientation.h"
#include "hqsam/image/picture_endings.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
constexpr const char* kAnnotate = "annotate";

bool same_place(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

std::vector<fs::path> files_in(const fs::path& folder, const fs::path& output) {
  std::vector<fs::path> files;
  std::error_code error;
  auto at = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, error);
  if (error) fail(kAnnotate, "cannot read the folder {}: {}", folder.string(), error.message());
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (error) fail(kAnnotate, "cannot read the folder {}: {}", folder.string(), error.message());
    const bool hidden = at->path().filename().string().starts_with('.');
    if (at->is_directory(error)) {
      if (hidden || same_place(at->path(), output)) at.disable_recursion_pending();
    } else if (!hidden && is_picture_ending(at->path().extension().string())) {
      files.push_back(at->path());
    }
  }
  return files;
}

bool is_utf8(const std::string& text) {
  try {
    (void)nlohmann::json(text).dump();
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

// Most headers lie in a file's first part; the whole is read where they do not.
PictureHeader header_of(const fs::path& path) {
  constexpr uint64_t kFirst = 1 << 16;
  const OpenFile file(path);
  std::vector<std::byte> bytes(std::min(file.size(), kFirst));
  file.read(0, bytes);
  if (bytes.size() == file.size()) return picture_header(bytes, path.string());
  try {
    return picture_header(bytes, path.string());
  } catch (const Error&) {
    return picture_header(FileBytes(path).bytes(), path.string());
  }
}

Size size_of(const fs::path& path) {
  const PictureHeader header = header_of(path);
  const Size size = upright_size(header.stored, header.orientation);
  if (size.height * size.width > kMostPicturePixels) {
    fail(kAnnotate, "{} has {}x{} pixels, over {} million: cut it or make it smaller", path.string(), size.width,
         size.height, kMostPicturePixels / 1'000'000);
  }
  return size;
}

}  // namespace

PictureList list_pictures_to_annotate(const fs::path& folder, const fs::path& output) {
  std::vector<ListedPicture> all;
  std::vector<std::string> reasons;
  for (const fs::path& path : files_in(folder, output)) {
    all.push_back({path.lexically_relative(folder).generic_string(), path, {}});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  reasons.resize(all.size());
  parallel_for("look at pictures", std::ssize(all), std::max(1U, std::thread::hardware_concurrency()), [&](int64_t i) {
    ListedPicture& picture = all[static_cast<size_t>(i)];
    try {
      if (!is_utf8(picture.name)) fail(kAnnotate, "its name is no UTF-8: rename it");
      picture.size = size_of(picture.path);
    } catch (const Error& error) {
      reasons[static_cast<size_t>(i)] = error.what();
    }
  });
  PictureList list;
  for (size_t i = 0; i < all.size(); ++i) {
    if (reasons[i].empty()) {
      list.pictures.push_back(std::move(all[i]));
    } else {
      list.left_out.push_back(shown(all[i].name) + ": " + reasons[i]);
    }
  }
  if (list.pictures.empty()) {
    fail(kAnnotate, "{} holds no picture that can be read{}", folder.string(),
         list.left_out.empty() ? "" : ": " + first_few(list.left_out));
  }
  return list;
}

}  // namespace hqsam
