// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/tensorfile/tensor_index.h"

namespace hqsam {

// The Python names that a pickle is read by; every other one stands for something that is not looked into.
enum class PickleGlobal : uint8_t {
  kOrderedDict,
  kRebuildTensor,     // torch._utils._rebuild_tensor_v2
  kRebuildParameter,  // torch._utils._rebuild_parameter
  kSize,              // torch.Size
  kStorageType,       // torch.FloatStorage and its like
  kValue,             // torch.float32 and its like, mere values
};

enum class PickleKind : uint8_t {
  kNone,
  kBool,
  kInt,
  kOther,  // a float, bytes, a long number: values that a state dict does not need
  kText,
  kTuple,
  kList,
  kDict,
  kGlobal,
  kStorage,
  kTensor,
  kOpaque,  // a class, function or object that is none of PickleGlobal: only its type's name is known
};

using PickleId = uint32_t;  // an index into Pickle::nodes

struct PickleNode {
  PickleKind kind = PickleKind::kNone;
  PickleGlobal global = PickleGlobal::kValue;  // kGlobal
  DType dtype = DType::kF32;                   // kStorage; kGlobal where it is a storage type
  int64_t integer = 0;                         // kBool, kInt; kStorage: its number of elements
  std::string_view text = {};                  // kText; kStorage: its key; kOpaque: the type's name
  std::string_view module = {};                // kOpaque: the type's module
  // kTuple, kList: the items; kDict: key, value, key, value, ...;
  // kTensor: storage, offset (kInt), sizes, strides (kTuple of kInt, equally long).
  std::vector<PickleId> items = {};
};

// One pickle as a graph. Nodes may be shared and may contain themselves: walk them to a fixed depth.
struct Pickle {
  std::vector<PickleNode> nodes;
  PickleId root = 0;
  size_t bytes = 0;  // how many bytes the pickle took

  const PickleNode& at(PickleId id) const { return nodes[id]; }
};

// "a dict", "a tensor", ...
std::string_view kind_name(PickleKind kind);
// "a dict", or "an object of argparse.Namespace" for kOpaque, fit for a message.
std::string described(const PickleNode& node);
// "argparse.Namespace" of a kOpaque node, fit for a message.
std::string type_name(const PickleNode& node);

// The allow-list: the kGlobal node of a Python name, or a kOpaque node where it is not on the list.
PickleNode find_global(std::string_view module, std::string_view name);

// Reads the pickle at the front of bytes, of which the result keeps views. Protocols 2 to 5; imports and calls nothing:
// REDUCE of the few names in PickleGlobal makes tensors and dicts; whatever is made of another name, or of such a
// thing, is a kOpaque node, and what is put into that is dropped. Damage is an Error. Memory and time are bounded by
// limits on nodes and steps that are far above any checkpoint. Knows no libtorch.
Pickle read_pickle(std::span<const std::byte> bytes);

}  // namespace hqsam
