// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/data_file.h"

#include <algorithm>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

bool hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

// A file, a folder, or none if it has vanished meanwhile. Throws Error for dangling links, pipes, sockets and devices,
// because ignoring them could lose pictures.
fs::file_type type_of(const fs::directory_entry& entry) {
  std::error_code error;
  const fs::file_type type = entry.status(error).type();
  if (type == fs::file_type::not_found && entry.is_symlink(error)) {
    const fs::path target = fs::read_symlink(entry.path(), error);
    fail("files_in", "{} is a link to {}, which is not there: mend or remove it", entry.path().string(),
         target.string());
  }
  if (type == fs::file_type::fifo || type == fs::file_type::socket || type == fs::file_type::character ||
      type == fs::file_type::block) {
    OpenFile(entry.path());  // throws Error naming the kind of file
  }
  return type;
}

constexpr int kMaxDepth = 32;  // nested folders; links can form cycles

void add_files(const fs::path& folder, const std::string& prefix, int depth, std::vector<DataFile>& files) {
  if (depth > kMaxDepth) {
    fail("files_in", "{} lies more than {} folders deep: is there a link in a circle?", folder.string(), kMaxDepth);
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (hidden(entry.path())) continue;
    const std::string name = prefix + entry.path().filename().string();
    const fs::file_type type = type_of(entry);
    if (type == fs::file_type::directory) add_files(entry.path(), name + "/", depth + 1, files);
    if (type == fs::file_type::regular) files.push_back({name, entry.path(), -1, 0});
  }
}

}  // namespace

std::string DataFile::label() const { return offset < 0 ? path.string() : path.string() + ":" + name; }

DataBytes::DataBytes(const DataFile& file, uint64_t most) {
  const OpenFile open(file.path);
  const bool whole = file.offset < 0;
  const uint64_t begin = whole ? 0 : static_cast<uint64_t>(file.offset);
  const uint64_t size = whole ? open.size() : static_cast<uint64_t>(file.size);
  if (whole && size == 0) fail("read_file", "{} is empty", file.label());
  if (open.size() < begin + size) fail("read_file", "{} is cut off: its shard has changed", file.label());
  const auto memory = std::make_shared<Memory>(std::min(size, most));
  open.read(begin, memory->bytes());
  open.check_unchanged();
  memory_ = memory;
}

std::vector<DataFile> files_in(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) fail("files_in", "no folder {}", folder.string());
  std::vector<DataFile> files;
  add_files(folder, "", 0, files);
  std::sort(files.begin(), files.end(), [](const DataFile& a, const DataFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace hqsam
