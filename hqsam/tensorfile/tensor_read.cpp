// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/parallel.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/foreign_file.h"
#include "hqsam/tensorfile/pth_index.h"
#include "hqsam/tensorfile/safetensors_header.h"
#include "hqsam/tensorfile/tensor_bytes.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

bool is_empty(const TensorEntry& entry) {
  return std::find(entry.sizes.begin(), entry.sizes.end(), 0) != entry.sizes.end();
}

// Reads each storage of a file once into its own memory. Large files are read by several threads, because copying from
// the page cache is bound by the CPU.
class StorageReader {
 public:
  StorageReader(const OpenFile& file, const std::vector<TensorEntry>& entries) {
    std::vector<std::pair<uint64_t, Memory*>> jobs;
    uint64_t bytes = 0;
    for (const TensorEntry& entry : entries) {
      std::shared_ptr<Memory>& storage = storages_[entry.storage_begin];
      if (storage != nullptr || is_empty(entry)) continue;
      storage = std::make_shared<Memory>(entry.storage_bytes);
      jobs.emplace_back(entry.storage_begin, storage.get());
      bytes += entry.storage_bytes;
    }
    constexpr uint64_t kMaxThreads = 4, kBytesOfThread = 64 << 20;
    const uint64_t threads =
        std::min({kMaxThreads, uint64_t{std::thread::hardware_concurrency()}, bytes / kBytesOfThread});
    parallel_for("read weights", std::ssize(jobs), static_cast<int64_t>(threads), [&](int64_t i) {
      const auto& [begin, storage] = jobs[static_cast<size_t>(i)];
      file.read(begin, storage->bytes());
    });
  }

  // The storage's first byte; the pointer keeps it alive.
  std::shared_ptr<const std::byte> get(const TensorEntry& entry) {
    const std::shared_ptr<Memory>& storage = storages_.at(entry.storage_begin);
    if (entry.dtype == DType::kBool) check_bools(entry, storage->bytes());
    return {storage, storage->bytes().data()};
  }

 private:
  // A bool that is neither 0 nor 1 is undefined behaviour for whoever reads it.
  void check_bools(const TensorEntry& entry, std::span<const std::byte> bytes) {
    if (!checked_bools_.insert(entry.storage_begin).second) return;
    if (std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; })) {
      fail("read_tensors", "tensor '{}' holds bools other than 0 and 1: the file is damaged", shown_short(entry.name));
    }
  }

  std::unordered_map<uint64_t, std::shared_ptr<Memory>> storages_;  // by storage_begin
  std::unordered_set<uint64_t> checked_bools_;
};

torch::Tensor make_tensor(const TensorEntry& entry, StorageReader& storages) {
  const auto options = torch::TensorOptions().dtype(scalar_type(entry.dtype));
  if (is_empty(entry)) return torch::empty(entry.sizes, options);
  const auto storage = storages.get(entry);
  const std::byte* first = storage.get() + entry.offset * info(entry.dtype).item_bytes;
  return torch::from_blob(
      const_cast<std::byte*>(first), entry.sizes, entry.strides, [storage](void*) {}, options);
}

template <class Parse>
TensorMap read_with(const Parse& parse, const std::filesystem::path& path) {
  const auto file = std::make_shared<const OpenFile>(path);
  if (file->size() == 0) fail("read_tensors", "{} is empty", path.string());
  try {
    TensorIndex index = parse(FileParts(file));
    TensorMap map;
    map.metadata = std::move(index.metadata);
    StorageReader storages(*file, index.tensors);
    for (const TensorEntry& entry : index.tensors) {
      map.tensors.emplace_back(entry.name, make_tensor(entry, storages));
    }
    file->check_unchanged();
    return map;
  } catch (const Error& error) {
    if (std::string_view(error.what()).find(path.string()) != std::string_view::npos) throw;
    throw Error(fmt::format("{} (in {})", error.what(), path.string()));
  }
}

[[noreturn]] void fail_foreign(std::span<const std::byte> front) {
  fail("read_tensors", "expected a .pth or a .safetensors file, got {}", foreign_file(front));
}

// The tensors to read from a safetensors file.
TensorIndex take_from(TensorIndex index, const TakeTensors& take) {
  FileContents contents;
  contents.summary = "a safetensors file without tensors";
  for (const TensorEntry& entry : index.tensors) contents.tensors.push_back(entry.name);
  std::vector<TensorEntry> taken;
  std::unordered_set<std::string> names;
  for (const auto& [i, name] : take(contents)) {
    if (!names.insert(name).second) fail("read_tensors", "two tensors are named '{}'", shown_short(name));
    taken.push_back(index.tensors.at(i));
    taken.back().name = name;
  }
  index.tensors = std::move(taken);
  return index;
}

}  // namespace

TensorMap read_safetensors(const std::filesystem::path& path) { return read_with(parse_safetensors, path); }

TensorMap read_pth(const std::filesystem::path& path) {
  return read_with([](const FileParts& file) { return parse_pth(file); }, path);
}

TensorMap read_tensors(const std::filesystem::path& path) {
  const auto parse = [](const FileParts& file) {
    const auto front = file.front(kFrontBytes);
    if (looks_like_pth(front)) return parse_pth(file);
    if (looks_like_safetensors(front)) return parse_safetensors(file);
    fail_foreign(front);
  };
  return read_with(parse, path);
}

TensorMap read_tensors(const std::filesystem::path& path, const TakeTensors& take) {
  const auto parse = [&](const FileParts& file) {
    const auto front = file.front(kFrontBytes);
    if (looks_like_pth(front)) return parse_pth(file, take);
    if (looks_like_safetensors(front)) return take_from(parse_safetensors(file), take);
    fail_foreign(front);
  };
  return read_with(parse, path);
}

}  // namespace hqsam
