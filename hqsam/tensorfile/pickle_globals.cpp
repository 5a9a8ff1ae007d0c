// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/tensorfile/pickle.h"

namespace hqsam {
namespace {

constexpr std::array<std::pair<std::string_view, PickleGlobal>, 4> kFunctions = {{
    {"collections.OrderedDict", PickleGlobal::kOrderedDict},
    {"torch._utils._rebuild_tensor_v2", PickleGlobal::kRebuildTensor},
    {"torch._utils._rebuild_parameter", PickleGlobal::kRebuildParameter},
    {"torch.Size", PickleGlobal::kSize},
}};

constexpr std::array<std::string_view, 10> kValues = {
    "torch.float64", "torch.float32", "torch.float16", "torch.bfloat16", "torch.int64",
    "torch.int32",   "torch.int16",   "torch.int8",    "torch.uint8",    "torch.bool"};

}  // namespace

PickleNode find_global(std::string_view module, std::string_view name) {
  const std::string full = fmt::format("{}.{}", module.substr(0, 200), name.substr(0, 200));
  PickleNode global{.kind = PickleKind::kGlobal};
  for (const auto& [known, meaning] : kFunctions) {
    global.global = meaning;
    if (full == known) return global;
  }
  for (const DTypeInfo& dtype : all_dtypes()) {
    global.global = PickleGlobal::kStorageType;
    global.dtype = dtype.dtype;
    if (module == "torch" && name == dtype.torch_storage) return global;
  }
  global.global = PickleGlobal::kValue;
  if (std::find(kValues.begin(), kValues.end(), full) != kValues.end()) return global;
  return {.kind = PickleKind::kOpaque, .text = name, .module = module};
}

std::string type_name(const PickleNode& node) {
  return shown_short(fmt::format("{}.{}", node.module.substr(0, 200), node.text.substr(0, 200)));
}

std::string described(const PickleNode& node) {
  if (node.kind == PickleKind::kOpaque) return fmt::format("an object of {}", type_name(node));
  return std::string(kind_name(node.kind));
}

std::string_view kind_name(PickleKind kind) {
  switch (kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return "a bool";
    case PickleKind::kInt:
      return "a number";
    case PickleKind::kOther:
      return "a value";
    case PickleKind::kText:
      return "a string";
    case PickleKind::kTuple:
      return "a tuple";
    case PickleKind::kList:
      return "a list";
    case PickleKind::kDict:
      return "a dict";
    case PickleKind::kGlobal:
      return "a type";
    case PickleKind::kStorage:
      return "a storage";
    case PickleKind::kTensor:
      return "a tensor";
    case PickleKind::kOpaque:
      return "an object";
  }
  return "a value";
}

}  // namespace hqsam
