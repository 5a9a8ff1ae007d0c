// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/pickle_machine.h"
#include "hqsam/tensorfile/pickle_ops.h"

namespace hqsam {
namespace {

bool is_sequence(const PickleNode& node) { return node.kind == PickleKind::kTuple || node.kind == PickleKind::kList; }

}  // namespace

bool PickleMachine::run_call(uint8_t op) {
  switch (op) {
    case kGlobalOp: {
      const std::string_view module = reader_.line();
      return push(find_global(module, reader_.line()));
    }
    case kStackGlobal: {
      const PickleId name = pop();
      return push(find_global(text_of(pop()), text_of(name)));
    }
    case kBinPersid:
      return push_storage(pop());
    case kReduce:
    case kNewObj: {
      const PickleId arguments = pop();
      return call(pop(), arguments, op);
    }
    case kNewObjEx: {
      pop();  // keyword arguments
      const PickleId arguments = pop();
      return call(pop(), arguments, op);
    }
    case kInst: {
      const std::string_view module = reader_.line();
      return make_instance(find_global(module, reader_.line()));
    }
    case kObj:
      return make_object();
    case kBuild:
      return build();
    default:
      return false;
  }
}

bool PickleMachine::push_opaque_like(PickleId type) {
  return push({.kind = PickleKind::kOpaque, .text = node(type).text, .module = node(type).module});
}

// INST and OBJ make instances of Python 2 classes; no tensor or dict is one.
bool PickleMachine::make_instance(PickleNode type) {
  pop_to_mark();
  if (type.kind != PickleKind::kOpaque) refuse("makes an object of a class");
  return push(std::move(type));
}

bool PickleMachine::make_object() {
  const std::vector<PickleId> items = pop_to_mark();
  if (items.empty() || !is_opaque(items[0])) refuse("makes an object of a class");
  return push_opaque_like(items[0]);
}

// Attributes are dropped: an OrderedDict's, such as nn.Module's _metadata, do not affect weights; objects are opaque.
bool PickleMachine::build() {
  pop();
  const PickleKind kind = node(top()).kind;
  if (kind != PickleKind::kDict && kind != PickleKind::kOpaque) {
    refuse(fmt::format("sets attributes of {}", kind_name(kind)));
  }
  return true;
}

std::string_view PickleMachine::text_of(PickleId id) {
  if (node(id).kind != PickleKind::kText) {
    refuse(fmt::format("has {} where a string belongs", kind_name(node(id).kind)));
  }
  return node(id).text;
}

// ('storage', torch.FloatStorage, key, location, number of elements), in legacy files also a view of another storage,
// which no PyTorch since 0.4 writes. Legacy files name a module's source in such a reference too: ('module', class,
// file, source).
bool PickleMachine::push_storage(PickleId id) {
  const std::vector<PickleId>& items = node(id).items;
  const bool tuple = node(id).kind == PickleKind::kTuple;
  if (tuple && items.size() == 4 && is_opaque(items[1])) return push_opaque_like(items[1]);
  const bool plain = tuple && (items.size() == 5 || (items.size() == 6 && node(items[5]).kind == PickleKind::kNone));
  if (!plain || text_of(items[0]) != "storage") refuse("has a reference that is not to a storage");
  const PickleNode& type = node(items[1]);
  const PickleNode& count = node(items[4]);
  if (type.kind == PickleKind::kOpaque) return push_opaque_like(items[1]);  // of complex or quantized numbers
  if (type.kind != PickleKind::kGlobal || type.global != PickleGlobal::kStorageType || count.kind != PickleKind::kInt ||
      count.integer < 0) {
    refuse("has a storage without a type or a size");
  }
  return push({.kind = PickleKind::kStorage, .dtype = type.dtype, .integer = count.integer, .text = text_of(items[2])});
}

// For functions that construct the class given as first argument, the name of that class; else the function's own.
bool PickleMachine::call_opaque(PickleId callable, PickleId arguments) {
  const PickleNode& function = node(callable);
  const bool reconstructor =
      function.text == "_reconstructor" || function.text == "_reconstruct" || function.text == "__newobj__";
  const std::vector<PickleId>& items = node(arguments).items;
  if (reconstructor && !items.empty() && is_opaque(items[0])) return push_opaque_like(items[0]);
  return push_opaque_like(callable);
}

bool PickleMachine::call(PickleId callable, PickleId arguments, uint8_t op) {
  if (is_opaque(callable)) return call_opaque(callable, arguments);
  if (is_opaque(arguments)) return push_opaque_like(arguments);
  const PickleNode& function = node(callable);
  if (function.kind != PickleKind::kGlobal || node(arguments).kind != PickleKind::kTuple) {
    refuse(fmt::format("calls {}", kind_name(function.kind)));
  }
  const PickleGlobal global = function.global;
  if (op != kReduce && global != PickleGlobal::kOrderedDict) refuse("makes an object of a class");
  const std::vector<PickleId>& items = node(arguments).items;
  if (!items.empty() && is_opaque(items[0])) return push_opaque_like(items[0]);
  switch (global) {
    case PickleGlobal::kOrderedDict:
      return push_ordered_dict(arguments);
    case PickleGlobal::kRebuildTensor:
      return push_tensor(arguments);
    case PickleGlobal::kRebuildParameter:
      return push_first(arguments, PickleKind::kTensor);
    case PickleGlobal::kSize:
      return push_first(arguments, PickleKind::kTuple);
    default:
      refuse("calls a type");
  }
}

// OrderedDict(), or as Python 2 pickled it, OrderedDict([[key, value], ...]).
bool PickleMachine::push_ordered_dict(PickleId arguments) {
  const std::vector<PickleId>& given = node(arguments).items;
  PickleNode dict{.kind = PickleKind::kDict};
  if (given.size() > 1) refuse("makes an OrderedDict of several arguments");
  if (!given.empty()) {
    const PickleNode& pairs = node(given[0]);
    spend(pairs.items.size());
    for (const PickleId id : pairs.items) {
      const PickleNode& pair = node(id);
      if (!is_sequence(pairs) || !is_sequence(pair) || pair.items.size() != 2) {
        refuse("makes an OrderedDict of something other than pairs");
      }
      dict.items.insert(dict.items.end(), pair.items.begin(), pair.items.end());
    }
  }
  return push(std::move(dict));
}

// A parameter is its tensor, a torch.Size its tuple.
bool PickleMachine::push_first(PickleId arguments, PickleKind kind) {
  const std::vector<PickleId>& items = node(arguments).items;
  if (items.empty() || node(items[0]).kind != kind) refuse("has a parameter or a size of the wrong kind");
  stack_.push_back(items[0]);
  return true;
}

// _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata])
bool PickleMachine::push_tensor(PickleId arguments) {
  const std::vector<PickleId>& items = node(arguments).items;
  if (items.size() < 6 || items.size() > 7 || node(items[0]).kind != PickleKind::kStorage ||
      node(items[1]).kind != PickleKind::kInt || !is_shape(node(items[2])) || !is_shape(node(items[3])) ||
      node(items[2]).items.size() != node(items[3]).items.size()) {
    refuse("has a tensor without a proper storage, offset, shape or strides");
  }
  return push({.kind = PickleKind::kTensor, .items = {items.begin(), items.begin() + 4}});
}

// Takes tuples only: a list could still be changed by later operations.
bool PickleMachine::is_shape(const PickleNode& shape) {
  if (shape.kind != PickleKind::kTuple || shape.items.size() > kMaxRank) return false;
  for (const PickleId item : shape.items) {
    if (node(item).kind != PickleKind::kInt) return false;
  }
  return true;
}

}  // namespace hqsam
