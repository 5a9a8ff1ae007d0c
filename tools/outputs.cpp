// SPDX-License-Identifier: Apache-2.0
#include "outputs.h"

#include <string>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace fs = std::filesystem;

fs::path existing_folder(std::string_view function, const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    if (at.empty()) return ".";
    std::error_code error;
    const fs::file_status status = fs::status(at, error);
    if (fs::is_directory(status)) return at;
    if (fs::exists(status)) {
      fail(function, "cannot write to {}: {} is not a folder", folder.string(), at.string());
    }
    if (status.type() != fs::file_type::not_found) {
      fail(function, "cannot write to {}: {}", folder.string(), error.message());
    }
    if (fs::is_symlink(fs::symlink_status(at, error))) {
      fail(function, "cannot write to {}: {} is a link that leads nowhere", folder.string(), at.string());
    }
  }
}

void require_writable_folder(std::string_view function, const fs::path& folder) {
  const fs::path existing = existing_folder(function, folder);
  try {
    const AtomicFile probe(existing / "probe");  // removed, since it is not committed
  } catch (const Error& error) {
    const std::string reason = error.what();
    fail(function, "cannot write to {}:{}", folder.string(), reason.substr(reason.rfind(':') + 1));
  }
}

void require_writable_file(std::string_view function, const fs::path& file) {
  std::error_code error;
  if (file.filename().empty() || fs::is_directory(file, error)) {
    fail(function, "cannot write to {}: it is a folder, expected the name of a file", file.string());
  }
  require_writable_folder(function, file.parent_path());
}

}  // namespace hqsam
