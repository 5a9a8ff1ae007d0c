// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_set>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/foreign_file.h"

namespace hqsam {
namespace {

using nlohmann::json;
using Event = json::parse_event_t;
constexpr const char* kFunction = "read_safetensors";
constexpr size_t kMaxKeys = 1 << 16;  // within one entry; the longest is the metadata

// Checks the header's JSON while it is parsed: each entry is checked and dropped at its closing brace, so a hostile
// header is refused at its first fault and never stored as a whole.
class HeaderReader {
 public:
  HeaderReader(uint64_t data_begin, uint64_t data_bytes) : data_begin_(data_begin), data_bytes_(data_bytes) {}

  // depth: 1 for the names in the header, 2 within an entry, 3 within an entry's list.
  bool on_event(int depth, Event event, const json& value) {
    switch (event) {
      case Event::object_start:
        if (depth > 1) refuse("holds an object inside");
        entry_keys_.clear();
        break;
      case Event::array_start:
        if (depth != 2) refuse(depth < 2 ? "is a list, not an object" : "holds a list in a list");
        list_length_ = 0;
        break;
      case Event::key:
        on_key(depth, value.get_ref<const std::string&>());
        break;
      case Event::value:
        if (depth < 2) refuse("is not an object");
        if (depth == 3 && ++list_length_ > kMaxRank) refuse("holds too long a list");
        break;
      case Event::object_end:
        if (depth == 1) {
          name_ == "__metadata__" ? on_metadata(value) : on_tensor(value);
          return false;
        }
        break;
      case Event::array_end:
        break;
    }
    return true;
  }

  TensorIndex finish() {
    check_coverage();
    return std::move(index_);
  }

 private:
  [[noreturn]] void refuse(std::string_view fault) const {
    fail(kFunction, "entry '{}' of the header {}: the file is damaged", shown_short(name_), fault);
  }

  void on_key(int depth, const std::string& key) {
    if (depth == 1) name_ = key;
    if (depth == 2 && entry_keys_.size() == kMaxKeys) refuse("has too many keys");
    if (!(depth == 1 ? names_ : entry_keys_).insert(key).second) {
      refuse(depth == 1 ? "appears twice" : "has a doubled key");
    }
  }

  void on_metadata(const json& entry) {
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) refuse("holds something other than strings");
      index_.metadata[key] = value.get<std::string>();
    }
  }

  const json& field(const json& entry, const char* key) const {
    const auto found = entry.find(key);
    if (found == entry.end()) refuse(fmt::format("has no {}", key));
    return *found;
  }

  std::vector<int64_t> natural_numbers(const json& entry, const char* key) const {
    const json& list = field(entry, key);
    if (!list.is_array()) refuse(fmt::format("has no list as {}", key));
    std::vector<int64_t> numbers;
    for (const json& value : list) {
      if (!value.is_number_unsigned() || value.get<uint64_t>() > INT64_MAX) {
        refuse(fmt::format("has {} in {}, expected whole numbers from 0 to 2^63-1", shown_short(value.dump()), key));
      }
      numbers.push_back(value.get<int64_t>());
    }
    return numbers;
  }

  DType dtype_of(const json& entry) const {
    const json& value = field(entry, "dtype");
    for (const DTypeInfo& known : all_dtypes()) {
      if (value == known.safetensors) return known.dtype;
    }
    const std::string name = value.is_string() ? value.get<std::string>() : value.type_name();
    fail(kFunction,
         "tensor '{}' has the dtype {}, expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U8, "
         "BOOL: convert it first",
         shown_short(name_), shown_short(name));
  }

  void on_tensor(const json& object) {
    TensorEntry entry;
    entry.name = name_;
    entry.dtype = dtype_of(object);
    entry.sizes = natural_numbers(object, "shape");
    const int64_t item_bytes = info(entry.dtype).item_bytes;
    const int64_t numel = checked_numel(kFunction, name_, entry.sizes, item_bytes);
    const auto offsets = natural_numbers(object, "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<uint64_t>(offsets[1]) > data_bytes_) {
      fail(kFunction,
           "tensor '{}' has data_offsets [{}], expected begin <= end <= {}, the bytes after the "
           "header: the file is cut or damaged, fetch it again",
           shown_short(name_), fmt::join(offsets, ", "), data_bytes_);
    }
    if (offsets[1] - offsets[0] != numel * item_bytes) {
      fail(kFunction, "tensor '{}' has {} bytes, but {} [{}] needs {}: the file is damaged", shown_short(name_),
           offsets[1] - offsets[0], info(entry.dtype).safetensors, fmt::join(entry.sizes, ", "), numel * item_bytes);
    }
    entry.strides = contiguous_strides(entry.sizes);
    entry.storage_begin = data_begin_ + static_cast<uint64_t>(offsets[0]);
    entry.storage_bytes = static_cast<uint64_t>(offsets[1] - offsets[0]);
    index_.tensors.push_back(std::move(entry));
  }

  // The format wants every byte after the header to belong to exactly one tensor.
  void check_coverage() const {
    std::vector<const TensorEntry*> order;
    for (const TensorEntry& entry : index_.tensors) order.push_back(&entry);
    std::sort(order.begin(), order.end(), [](const TensorEntry* a, const TensorEntry* b) {
      return std::pair(a->storage_begin, a->storage_bytes) < std::pair(b->storage_begin, b->storage_bytes);
    });
    uint64_t end = data_begin_;
    for (const TensorEntry* entry : order) {
      if (entry->storage_begin != end) {
        fail(kFunction, "tensor '{}' begins at byte {}, {} byte {}: the file is damaged", shown_short(entry->name),
             entry->storage_begin,
             entry->storage_begin < end ? "inside another that ends at" : "after a hole that begins at", end);
      }
      end += entry->storage_bytes;
    }
    if (end != data_begin_ + data_bytes_) {
      fail(kFunction, "the tensors end at byte {} of {}: the file is damaged", end, data_begin_ + data_bytes_);
    }
  }

  uint64_t data_begin_, data_bytes_;
  TensorIndex index_;
  std::string name_;
  std::unordered_set<std::string> names_, entry_keys_;
  size_t list_length_ = 0;
};

}  // namespace

bool looks_like_safetensors(std::span<const std::byte> front) { return front.size() > 8 && front[8] == std::byte{'{'}; }

TensorIndex parse_safetensors(const FileParts& file) {
  const auto front = file.front(kFrontBytes);
  if (!looks_like_safetensors(front)) {
    fail(kFunction, "expected a safetensors file (8 bytes of length, then '{{'), got {}", foreign_file(front));
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, front.data(), sizeof header_bytes);
  const uint64_t rest = file.size() - sizeof header_bytes;
  if (header_bytes > std::min(rest, kMaxSafetensorsHeader)) {
    fail(kFunction,
         "the header claims {} bytes, but {} follow and the format allows {}: the file is cut or "
         "damaged, fetch it again",
         header_bytes, rest, kMaxSafetensorsHeader);
  }
  HeaderReader reader(sizeof header_bytes + header_bytes, rest - header_bytes);
  const std::string_view header = as_text(file.part(sizeof header_bytes, header_bytes));
  try {
    const auto parsed = json::parse(header.begin(), header.end(), [&](int depth, Event event, json& value) {
      return reader.on_event(depth, event, value);
    });
    static_cast<void>(parsed);  // on_event has handled all of it
  } catch (const json::exception& error) {
    fail(kFunction, "the header is not valid JSON ({}): the file is damaged", shown_short(error.what()));
  }
  return reader.finish();
}

}  // namespace hqsam
