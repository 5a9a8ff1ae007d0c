// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/state_dict.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxName = 255;         // bytes
constexpr size_t kMaxTensors = 1 << 17;  // more than any model has

// "a dict of model, args, epoch", for messages.
std::string summary_of(const Pickle& pickle) {
  constexpr size_t kMaxListed = 8;
  const PickleNode& root = pickle.at(pickle.root);
  if (root.kind != PickleKind::kDict) return described(root);
  std::string list;
  for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
    if (i / 2 == kMaxListed) return list + ", ...";
    const PickleNode& key = pickle.at(root.items[i]);
    const PickleNode& value = pickle.at(root.items[i + 1]);
    list += i > 0 ? ", " : "a dict of ";
    list += key.kind == PickleKind::kText ? shown_short(key.text) : std::string(kind_name(key.kind));
    if (value.kind == PickleKind::kOpaque) list += fmt::format(" ({})", described(value));
  }
  return list.empty() ? "an empty dict" : list;
}

// Goes through a pickle's containers, the outermost first.
class ContentsFinder {
 public:
  explicit ContentsFinder(const Pickle& pickle) : pickle_(pickle) {}

  PickleContents find() {
    found_.names.summary = summary_of(pickle_);
    meet(pickle_.root, "", 0);
    while (!waiting_.empty()) {
      const Container container = std::move(waiting_.front());
      waiting_.pop_front();
      enter(container);
    }
    return std::move(found_);
  }

 private:
  struct Container {
    PickleId id = 0;
    std::string name;
    size_t depth = 0;
  };

  void meet(PickleId id, std::string name, size_t depth) {
    switch (pickle_.at(id).kind) {
      case PickleKind::kTensor:
        if (found_.tensors.size() == kMaxTensors) fail(kFunction, "the file has more tensors than any model");
        found_.tensors.push_back(id);
        found_.names.tensors.push_back(std::move(name));
        break;
      case PickleKind::kOpaque:
        if (found_.names.objects.size() < FileContents::kMaxObjects) {
          found_.names.objects.push_back({std::move(name), type_name(pickle_.at(id))});
        }
        break;
      case PickleKind::kDict:
      case PickleKind::kList:
      case PickleKind::kTuple:
        if (depth < kMaxDepth && entered_.insert(id).second) waiting_.push_back({id, std::move(name), depth});
        break;
      default:
        break;
    }
  }

  void enter(const Container& container) {
    const PickleNode& node = pickle_.at(container.id);
    const bool dict = node.kind == PickleKind::kDict;
    for (size_t i = 0; i < node.items.size(); i += dict ? 2 : 1) {
      if (dict && i + 1 == node.items.size()) break;
      const std::string key = dict ? key_text(pickle_.at(node.items[i])) : std::to_string(i);
      if (container.name.size() + 1 + key.size() > kMaxName) continue;
      meet(node.items[dict ? i + 1 : i], container.name.empty() ? key : container.name + "." + key,
           container.depth + 1);
    }
  }

  static std::string key_text(const PickleNode& key) {
    if (key.kind == PickleKind::kText) return std::string(key.text.substr(0, kMaxName + 1));
    if (key.kind == PickleKind::kInt) return std::to_string(key.integer);
    return fmt::format("({})", kind_name(key.kind));
  }

  const Pickle& pickle_;
  PickleContents found_;
  std::deque<Container> waiting_;
  std::unordered_set<PickleId> entered_;
};

std::vector<int64_t> natural_numbers(const Pickle& pickle, std::string_view name, PickleId tuple) {
  std::vector<int64_t> numbers;
  for (const PickleId item : pickle.at(tuple).items) {
    numbers.push_back(pickle.at(item).integer);
    if (numbers.back() < 0) {
      fail(kFunction, "tensor '{}' has {} among its sizes and strides: the file is damaged", shown_short(name),
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
    fail(kFunction, "tensor '{}' lies in storage {}, which the file lacks: the file is damaged", shown_short(name),
         shown_short(storage.text));
  }
  const auto expected = static_cast<uint64_t>(storage.integer);
  if (found->second.bytes / static_cast<uint64_t>(info(storage.dtype).item_bytes) != expected) {
    fail(kFunction,
         "storage {} of tensor '{}' has {} bytes, but {} elements of {} are expected: the file is "
         "damaged",
         shown_short(storage.text), shown_short(name), found->second.bytes, expected, info(storage.dtype).safetensors);
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
         shown_short(name), entry.offset, fmt::join(entry.sizes, ", "), fmt::join(entry.strides, ", "),
         storage.integer);
  }
  for (size_t i = 0; i < entry.sizes.size(); ++i) {
    // Where there is one step the stride does not count; an enormous one would overflow later.
    if (entry.sizes[i] == 1) entry.strides[i] = std::min(entry.strides[i], storage.integer);
  }
  return entry;
}

}  // namespace

PickleContents contents_of(const Pickle& pickle) { return ContentsFinder(pickle).find(); }

std::vector<TensorEntry> state_dict_entries(const Pickle& pickle, const StorageRanges& storages,
                                            const TakeTensors& take) {
  const PickleContents contents = contents_of(pickle);
  std::vector<TensorEntry> entries;
  std::unordered_set<std::string> names;
  for (const auto& [index, name] : take(contents.names)) {
    if (!names.insert(name).second)
      fail(kFunction, "tensor '{}' appears twice: the file is damaged", shown_short(name));
    entries.push_back(make_entry(pickle, pickle.at(contents.tensors[index]), name, storages));
  }
  return entries;
}

}  // namespace hqsam
