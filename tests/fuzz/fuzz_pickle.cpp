// SPDX-License-Identifier: Apache-2.0
#include "check_index.h"
#include "hqsam/core/log.h"
#include "hqsam/model/sam_tensors.h"
#include "hqsam/tensorfile/pickle.h"
#include "hqsam/tensorfile/state_dict.h"

using namespace hqsam;

namespace {

constexpr uint64_t kFileBytes = 1 << 20;  // of the file that the pickle's storages are said to lie in

void check_graph(const Pickle& pickle, fuzz::Bytes input) {
  fuzz::require(pickle.root < pickle.nodes.size() && pickle.bytes <= input.size());
  for (const PickleNode& node : pickle.nodes) {
    for (const PickleId item : node.items) fuzz::require(item < pickle.nodes.size());
    fuzz::require(node.kind != PickleKind::kDict || node.items.size() % 2 == 0);
    fuzz::require(node.kind != PickleKind::kTensor || node.items.size() == 4);
    fuzz::touch(node.text);
    fuzz::touch(kind_name(node.kind));
  }
}

// What is chosen is there, once, and fit for a message.
void check_sam(const Pickle& pickle) {
  const FileContents contents = contents_of(pickle).names;
  std::set<std::string> names;
  for (const auto& [index, name] : take_sam(contents, "the file")) {
    fuzz::require(index < contents.tensors.size() &&
                  contents.tensors[index].ends_with(name.substr(name.rfind('.') + 1)));
    fuzz::require(names.insert(name).second);
  }
}

// One behind the other, those that fit into the file.
StorageRanges lay_out_storages(const Pickle& pickle) {
  StorageRanges storages;
  uint64_t begin = 0;
  for (const PickleNode& node : pickle.nodes) {
    if (node.kind != PickleKind::kStorage) continue;
    const auto item_bytes = static_cast<uint64_t>(info(node.dtype).item_bytes);
    const auto count = static_cast<uint64_t>(node.integer);
    if (count > (kFileBytes - begin) / item_bytes) continue;
    if (storages.try_emplace(node.text, StorageRange{begin, count * item_bytes}).second) begin += count * item_bytes;
  }
  return storages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (spdlog::set_level(spdlog::level::off), true);
  static_cast<void>(quiet);
  const fuzz::Bytes input = fuzz::as_file(data, size);
  try {
    const Pickle pickle = read_pickle(input);
    check_graph(pickle, input);
    for (const TensorEntry& entry : state_dict_entries(pickle, lay_out_storages(pickle))) {
      fuzz::check_entry(entry, kFileBytes);
    }
    check_sam(pickle);
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
