// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/state_dict.h"

#include <algorithm>
#include <unordered_set>

#include "hqsam/core/error.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr std::string_view kModulePrefix = "module.";  // of DistributedDataParallel

bool holds_tensors(const Pickle& pickle, const PickleNode& dict) {
  for (size_t i = 1; i < dict.items.size(); i += 2) {
    if (pickle.at(dict.items[i]).kind == PickleKind::kTensor) return true;
  }
  return false;
}

std::string listed_keys(const Pickle& pickle, const PickleNode& dict) {
  constexpr size_t kMaxListed = 20;
  std::string list;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    if (i / 2 == kMaxListed) return list + ", ...";
    const PickleNode& key = pickle.at(dict.items[i]);
    const bool text = key.kind == PickleKind::kText;
    list += (i > 0 ? ", " : "") + (text ? shown(key.text) : std::string(kind_name(key.kind)));
  }
  return list.empty() ? "none" : list;
}

const PickleNode& find_state_dict(const Pickle& pickle) {
  const PickleNode& root = pickle.at(pickle.root);
  if (root.kind != PickleKind::kDict) {
    fail(kFunction,
         "expected a dict of tensors, got {}: in Python, torch.save(model.state_dict(), path) writes "
         "one",
         kind_name(root.kind));
  }
  for (const std::string_view wanted : {"model", "state_dict", "model_state_dict"}) {
    for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
      const PickleNode& key = pickle.at(root.items[i]);
      const PickleNode& value = pickle.at(root.items[i + 1]);
      if (key.kind == PickleKind::kText && key.text == wanted && value.kind == PickleKind::kDict &&
          holds_tensors(pickle, value)) {
        return value;
      }
    }
  }
  if (!holds_tensors(pickle, root)) {
    fail(kFunction,
         "expected tensors in the dict or under its key model, state_dict or model_state_dict; its "
         "keys are: {}",
         listed_keys(pickle, root));
  }
  return root;
}

std::vector<int64_t> natural_numbers(const Pickle& pickle, std::string_view name, PickleId tuple) {
  std::vector<int64_t> numbers;
  for (const PickleId item : pickle.at(tuple).items) {
    numbers.push_back(pickle.at(item).integer);
    if (numbers.back() < 0) {
      fail(kFunction, "tensor '{}' has {} among its sizes and strides: the file is damaged", shown(name),
           numbers.back());
    }
  }
  return numbers;
}

// 1 + the farthest element's position in the storage, or -1 where that does not fit into 63 bits.
int64_t extent(const TensorEntry& entry) {
  int64_t end = 1;
  if (__builtin_add_overflow(end, entry.offset, &end)) return -1;
  for (size_t i = 0; i < entry.sizes.size(); ++i) {
    int64_t reach = 0;
    if (__builtin_mul_overflow(entry.sizes[i] - 1, entry.strides[i], &reach) ||
        __builtin_add_overflow(end, reach, &end)) {
      return -1;
    }
  }
  return end;
}

StorageRange find_storage(const PickleNode& storage, std::string_view name, const StorageRanges& storages) {
  const auto found = storages.find(storage.text);
  if (found == storages.end()) {
    fail(kFunction, "tensor '{}' lies in storage {}, which the file lacks: the file is damaged", shown(name),
         shown(storage.text));
  }
  const auto expected = static_cast<uint64_t>(storage.integer);
  if (found->second.bytes / static_cast<uint64_t>(info(storage.dtype).item_bytes) != expected) {
    fail(kFunction,
         "storage {} of tensor '{}' has {} bytes, but {} elements of {} are expected: the file is "
         "damaged",
         shown(storage.text), shown(name), found->second.bytes, expected, info(storage.dtype).safetensors);
  }
  return found->second;
}

TensorEntry make_entry(const Pickle& pickle, const PickleNode& tensor, std::string_view name,
                       const StorageRanges& storages) {
  const PickleNode& storage = pickle.at(tensor.items[0]);
  const StorageRange range = find_storage(storage, name, storages);
  TensorEntry entry;
  entry.name = name;
  entry.dtype = storage.dtype;
  entry.offset = pickle.at(tensor.items[1]).integer;
  entry.sizes = natural_numbers(pickle, name, tensor.items[2]);
  entry.strides = natural_numbers(pickle, name, tensor.items[3]);
  entry.storage_begin = range.begin;
  entry.storage_bytes = range.bytes;
  if (checked_numel(kFunction, name, entry.sizes, info(entry.dtype).item_bytes) == 0) {
    entry.offset = 0;
    entry.strides = contiguous_strides(entry.sizes);
    return entry;
  }
  const int64_t end = extent(entry);
  if (entry.offset < 0 || end < 0 || end > storage.integer) {
    fail(kFunction,
         "tensor '{}' (offset {}, shape [{}], strides [{}]) reaches outside its storage of {} "
         "elements: the file is damaged",
         shown(name), entry.offset, fmt::join(entry.sizes, ", "), fmt::join(entry.strides, ", "), storage.integer);
  }
  for (size_t i = 0; i < entry.sizes.size(); ++i) {
    // Where there is one step the stride does not count; an enormous one would overflow later.
    if (entry.sizes[i] == 1) entry.strides[i] = std::min(entry.strides[i], storage.integer);
  }
  return entry;
}

}  // namespace

std::vector<TensorEntry> state_dict_entries(const Pickle& pickle, const StorageRanges& storages) {
  const PickleNode& dict = find_state_dict(pickle);
  std::vector<TensorEntry> entries;
  std::unordered_set<std::string_view> names;
  bool all_prefixed = true;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleNode& key = pickle.at(dict.items[i]);
    const PickleNode& value = pickle.at(dict.items[i + 1]);
    if (value.kind != PickleKind::kTensor) continue;
    if (key.kind != PickleKind::kText) {
      fail(kFunction, "a tensor's name is {}, expected a string", kind_name(key.kind));
    }
    if (!names.insert(key.text).second) {
      fail(kFunction, "tensor '{}' appears twice: the file is damaged", shown(key.text));
    }
    all_prefixed &= key.text.starts_with(kModulePrefix);
    entries.push_back(make_entry(pickle, value, key.text, storages));
  }
  if (all_prefixed) {
    for (TensorEntry& entry : entries) entry.name.erase(0, kModulePrefix.size());
  }
  return entries;
}

}  // namespace hqsam
