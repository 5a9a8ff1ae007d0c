// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/pth_index.h"
#include "hqsam/tensorfile/state_dict.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr int64_t kProtocolVersion = 1001;
constexpr uint64_t kMaxPickles = 128 << 20;  // bytes of all pickles together
// LONG1 of 10 bytes: 0x1950a86a20f9469cfc6c
constexpr std::string_view kMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

bool is_little_endian(const Pickle& system) {
  const auto& items = system.at(system.root).items;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (system.at(items[i]).text == "little_endian") return system.at(items[i + 1]).integer == 1;
  }
  return false;
}

// The storages that the object's pickle refers to, by key.
std::unordered_map<std::string_view, const PickleNode*> referred_storages(const Pickle& object) {
  std::unordered_map<std::string_view, const PickleNode*> storages;
  for (const PickleNode& node : object.nodes) {
    if (node.kind != PickleKind::kStorage) continue;
    const PickleNode& first = *storages.emplace(node.text, &node).first->second;
    if (first.dtype != node.dtype || first.integer != node.integer) {
      fail(kFunction, "storage {} has two types or sizes: the file is damaged", shown_short(node.text));
    }
  }
  return storages;
}

// They begin at byte `at`.
StorageRanges read_storages(const Pickle& object, const Pickle& keys, const FileParts& file, uint64_t at) {
  const auto referred = referred_storages(object);
  StorageRanges ranges;
  for (const PickleId id : keys.at(keys.root).items) {
    const PickleNode& key = keys.at(id);
    const auto found = referred.find(key.text);
    if (key.kind != PickleKind::kText || found == referred.end()) {
      fail(kFunction,
           "no tensor lies in storage {}, or its numbers are complex or quantized: save the weights again in Python "
           "with torch.save(model.state_dict(), path), or fetch the file again",
           shown_short(key.text));
    }
    const int64_t count = found->second->integer;
    const auto stored = ByteReader(file.part(at, sizeof(int64_t)), "a storage").number<int64_t>();
    at += sizeof stored;
    if (stored != count) {
      fail(kFunction, "storage {} has {} elements, expected {}: the file is damaged", shown_short(key.text), stored,
           count);
    }
    const auto item_bytes = static_cast<uint64_t>(info(found->second->dtype).item_bytes);
    if (static_cast<uint64_t>(count) > (file.size() - at) / item_bytes) {
      fail(kFunction, "the file ends within storage {}: it is cut, fetch it again", shown_short(key.text));
    }
    const StorageRange range{at, static_cast<uint64_t>(count) * item_bytes};
    at += range.bytes;
    if (!ranges.emplace(key.text, range).second) {
      fail(kFunction, "storage {} appears twice: the file is damaged", shown_short(key.text));
    }
  }
  return ranges;
}

}  // namespace

bool looks_like_legacy_pth(std::span<const std::byte> bytes) {
  // Before the magic number stand two bytes of protocol and, from protocol 4 on, nine of frame.
  const std::string_view front = as_text(bytes.first(std::min<size_t>(bytes.size(), 32)));
  return front.starts_with('\x80') && front.find(kMagic) != front.npos;
}

TensorIndex parse_legacy_pth(const FileParts& file, const TakeTensors& take) {
  const auto pickles = file.front(kMaxPickles);
  ByteReader reader(pickles, "the part with the pickles");
  const auto next_pickle = [&] {
    Pickle pickle = read_pickle(pickles.subspan(reader.position()));
    reader.take(pickle.bytes);
    return pickle;
  };
  next_pickle();  // the magic number, seen by looks_like_legacy_pth
  const Pickle version = next_pickle();
  if (version.at(version.root).integer != kProtocolVersion) {
    fail(kFunction,
         "the legacy file has version {}, expected {}: convert it in Python with "
         "torch.save(torch.load(path), path)",
         version.at(version.root).integer, kProtocolVersion);
  }
  if (!is_little_endian(next_pickle())) {
    fail(kFunction,
         "the weights were written on a big-endian machine: load and save the file with PyTorch on "
         "a little-endian one");
  }
  const Pickle object = next_pickle();
  const Pickle keys = next_pickle();
  const StorageRanges storages = read_storages(object, keys, file, reader.position());
  return {state_dict_entries(object, storages, take), {}};
}

}  // namespace hqsam
