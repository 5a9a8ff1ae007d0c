// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/pickle.h"

#include <cstring>
#include <string>
#include <unordered_map>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/pickle_ops.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr size_t kMaxNodes = 1 << 20;  // also the limit on the memo
constexpr size_t kMaxSteps = 1 << 23;  // operations, and items that a call copies

class PickleMachine {
 public:
  explicit PickleMachine(std::span<const std::byte> bytes) : reader_(bytes, "the pickle") {}

  Pickle run() {
    for (uint8_t op = reader_.number<uint8_t>(); op != kStop; op = reader_.number<uint8_t>()) {
      spend(1);
      if (!run_scalar(op) && !run_text(op) && !run_container(op) && !run_memo(op) && !run_call(op)) {
        refuse(fmt::format("has the operation 0x{:02x}, which torch.save does not write", op));
      }
    }
    pickle_.root = pop();
    pickle_.bytes = reader_.position();
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void refuse(std::string_view fault) const {
    fail(kFunction,
         "the pickle {} (before its byte {}): the file is damaged or holds more than a state dict; in "
         "Python, torch.save(model.state_dict(), path) writes what is expected",
         fault, reader_.position());
  }

  void spend(size_t steps) {
    steps_ += steps;
    if (steps_ > kMaxSteps) refuse("takes more steps than any state dict");
  }

  PickleId add(PickleNode node) {
    if (pickle_.nodes.size() == kMaxNodes) refuse("holds more objects than any state dict");
    pickle_.nodes.push_back(std::move(node));
    return static_cast<PickleId>(pickle_.nodes.size() - 1);
  }

  bool push(PickleNode node) {
    stack_.push_back(add(std::move(node)));
    return true;
  }
  bool push_int(int64_t value) { return push({.kind = PickleKind::kInt, .integer = value}); }
  bool push_bool(bool value) { return push({.kind = PickleKind::kBool, .integer = value}); }
  bool push_text(uint64_t count) { return push({.kind = PickleKind::kText, .text = as_text(reader_.take(count))}); }
  bool push_other(uint64_t skipped_bytes) {
    reader_.take(skipped_bytes);
    return push({.kind = PickleKind::kOther});
  }

  PickleNode& node(PickleId id) { return pickle_.nodes[id]; }

  PickleId top() const {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) refuse("takes more from its stack than it put there");
    return stack_.back();
  }

  PickleId pop() {
    const PickleId id = top();
    stack_.pop_back();
    return id;
  }

  std::vector<PickleId> pop_to_mark() {
    if (marks_.empty()) refuse("closes a group that it did not open");
    const auto begin = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleId> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }

  bool run_scalar(uint8_t op) {
    switch (op) {
      case kNoneOp:
        return push({});
      case kNewTrue:
        return push_bool(true);
      case kNewFalse:
        return push_bool(false);
      case kBinInt:
        return push_int(reader_.number<int32_t>());
      case kBinInt1:
        return push_int(reader_.number<uint8_t>());
      case kBinInt2:
        return push_int(reader_.number<uint16_t>());
      case kLong1:
        return push_long(reader_.number<uint8_t>());
      case kLong4:
        return push_long(reader_.number<uint32_t>());
      case kBinFloat:
        return push_other(8);
      default:
        return false;
    }
  }

  // Two's complement of any length; what does not fit into 64 bits is no size or offset.
  bool push_long(uint32_t count) {
    if (count > sizeof(int64_t)) return push_other(count);
    const auto bytes = reader_.take(count);
    const bool negative = count > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
    int64_t value = negative ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return push_int(value);
  }

  bool run_text(uint8_t op) {
    switch (op) {
      case kShortBinUnicode:
      case kShortBinString:
        return push_text(reader_.number<uint8_t>());
      case kBinUnicode:
      case kBinString:
        return push_text(reader_.number<uint32_t>());
      case kBinUnicode8:
        return push_text(reader_.number<uint64_t>());
      case kShortBinBytes:
        return push_other(reader_.number<uint8_t>());
      case kBinBytes:
        return push_other(reader_.number<uint32_t>());
      case kBinBytes8:
        return push_other(reader_.number<uint64_t>());
      default:
        return false;
    }
  }

  bool run_container(uint8_t op) {
    switch (op) {
      case kMark:
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        return pop_or_unmark();
      case kPopMark:
        pop_to_mark();
        return true;
      case kEmptyTuple:
        return push({.kind = PickleKind::kTuple});
      case kEmptyList:
        return push({.kind = PickleKind::kList});
      case kEmptyDict:
        return push({.kind = PickleKind::kDict});
      case kTuple1:
        return push_tuple(1);
      case kTuple2:
        return push_tuple(2);
      case kTuple3:
        return push_tuple(3);
      case kTupleOp:
        return push({.kind = PickleKind::kTuple, .items = pop_to_mark()});
      case kAppend:
        return extend(PickleKind::kList, {pop()});
      case kAppends:
        return extend(PickleKind::kList, pop_to_mark());
      case kSetItem:
        return set_item();
      case kSetItems:
        return extend(PickleKind::kDict, pop_to_mark());
      default:
        return false;
    }
  }

  bool pop_or_unmark() {
    if (!marks_.empty() && marks_.back() == stack_.size()) {
      marks_.pop_back();
    } else {
      pop();
    }
    return true;
  }

  bool push_tuple(size_t count) {
    std::vector<PickleId> items(count);
    while (count-- > 0) items[count] = pop();
    return push({.kind = PickleKind::kTuple, .items = std::move(items)});
  }

  bool set_item() {
    const PickleId value = pop();
    const PickleId key = pop();
    return extend(PickleKind::kDict, {key, value});
  }

  bool extend(PickleKind kind, const std::vector<PickleId>& items) {
    PickleNode& target = node(top());
    if (target.kind != kind || (kind == PickleKind::kDict && items.size() % 2 != 0)) {
      refuse(fmt::format("adds {} items to {}", items.size(), kind_name(target.kind)));
    }
    target.items.insert(target.items.end(), items.begin(), items.end());
    return true;
  }

  bool run_memo(uint8_t op) {
    switch (op) {
      case kBinPut:
        return remember(reader_.number<uint8_t>());
      case kLongBinPut:
        return remember(reader_.number<uint32_t>());
      case kMemoize:
        return remember(static_cast<uint32_t>(memo_.size()));
      case kBinGet:
        return recall(reader_.number<uint8_t>());
      case kLongBinGet:
        return recall(reader_.number<uint32_t>());
      case kProto:
        return check_protocol(reader_.number<uint8_t>());
      case kFrame:
        reader_.number<uint64_t>();
        return true;
      default:
        return false;
    }
  }

  bool remember(uint32_t slot) {
    if (memo_.size() == kMaxNodes) refuse("remembers more objects than any state dict");
    memo_[slot] = top();
    return true;
  }

  bool recall(uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) refuse(fmt::format("refers to object {}, which it lacks", slot));
    stack_.push_back(found->second);
    return true;
  }

  bool check_protocol(uint8_t protocol) const {
    if (protocol > 5) refuse(fmt::format("has protocol {}, at most 5 is known", protocol));
    return true;
  }

  bool run_call(uint8_t op) {
    switch (op) {
      case kGlobalOp: {
        const std::string_view module = reader_.line();
        return push(allowed_global(module, reader_.line()));
      }
      case kStackGlobal: {
        const PickleId name = pop();
        return push(allowed_global(text_of(pop()), text_of(name)));
      }
      case kBinPersid:
        return push_storage(pop());
      case kReduce:
      case kNewObj: {
        const PickleId arguments = pop();
        return call(pop(), arguments, op);
      }
      case kBuild:
        // An OrderedDict's attributes, such as nn.Module's _metadata: nothing that a weight needs.
        pop();
        if (node(top()).kind != PickleKind::kDict) {
          refuse(fmt::format("sets attributes of {}", kind_name(node(top()).kind)));
        }
        return true;
      default:
        return false;
    }
  }

  std::string_view text_of(PickleId id) {
    if (node(id).kind != PickleKind::kText) {
      refuse(fmt::format("has {} where a string belongs", kind_name(node(id).kind)));
    }
    return node(id).text;
  }

  // ('storage', torch.FloatStorage, key, location, number of elements), in legacy files also a view
  // of another storage, which no PyTorch since 0.4 writes.
  bool push_storage(PickleId id) {
    const std::vector<PickleId>& items = node(id).items;
    const bool plain = node(id).kind == PickleKind::kTuple &&
                       (items.size() == 5 || (items.size() == 6 && node(items[5]).kind == PickleKind::kNone));
    if (!plain || text_of(items[0]) != "storage") refuse("has a reference that is not to a storage");
    const PickleNode& type = node(items[1]);
    const PickleNode& count = node(items[4]);
    if (type.kind != PickleKind::kGlobal || type.global != PickleGlobal::kStorageType ||
        count.kind != PickleKind::kInt || count.integer < 0) {
      refuse("has a storage without a type or a size");
    }
    return push(
        {.kind = PickleKind::kStorage, .dtype = type.dtype, .integer = count.integer, .text = text_of(items[2])});
  }

  bool call(PickleId callable, PickleId arguments, uint8_t op) {
    const PickleNode& function = node(callable);
    if (function.kind != PickleKind::kGlobal || node(arguments).kind != PickleKind::kTuple) {
      refuse(fmt::format("calls {}", kind_name(function.kind)));
    }
    const PickleGlobal global = function.global;
    if (op == kNewObj && global != PickleGlobal::kOrderedDict) refuse("makes an object of a class");
    switch (global) {
      case PickleGlobal::kOrderedDict:
        return push_ordered_dict(node(arguments));
      case PickleGlobal::kRebuildTensor:
        return push_tensor(node(arguments));
      case PickleGlobal::kRebuildParameter:
        return push_first(node(arguments), PickleKind::kTensor);
      case PickleGlobal::kSize:
        return push_first(node(arguments), PickleKind::kTuple);
      default:
        refuse("calls a type");
    }
  }

  // OrderedDict(), or as Python 2 pickled it, OrderedDict([[key, value], ...]).
  bool push_ordered_dict(const PickleNode& arguments) {
    PickleNode dict{.kind = PickleKind::kDict};
    if (arguments.items.size() > 1) refuse("makes an OrderedDict of several arguments");
    if (!arguments.items.empty()) {
      const PickleNode& pairs = node(arguments.items[0]);
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
  bool push_first(const PickleNode& arguments, PickleKind kind) {
    if (arguments.items.empty() || node(arguments.items[0]).kind != kind) {
      refuse("has a parameter or a size of the wrong kind");
    }
    stack_.push_back(arguments.items[0]);
    return true;
  }

  // _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata])
  bool push_tensor(const PickleNode& arguments) {
    const auto& items = arguments.items;
    if (items.size() < 6 || items.size() > 7 || node(items[0]).kind != PickleKind::kStorage ||
        node(items[1]).kind != PickleKind::kInt || !is_shape(node(items[2])) || !is_shape(node(items[3])) ||
        node(items[2]).items.size() != node(items[3]).items.size()) {
      refuse("has a tensor without a proper storage, offset, shape or strides");
    }
    return push({.kind = PickleKind::kTensor, .items = {items.begin(), items.begin() + 4}});
  }

  static bool is_sequence(const PickleNode& node) {
    return node.kind == PickleKind::kTuple || node.kind == PickleKind::kList;
  }

  // Tuples only: a list could still change after this look at it.
  bool is_shape(const PickleNode& shape) {
    if (shape.kind != PickleKind::kTuple || shape.items.size() > kMaxRank) return false;
    for (const PickleId item : shape.items) {
      if (node(item).kind != PickleKind::kInt) return false;
    }
    return true;
  }

  ByteReader reader_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // stack sizes
  std::unordered_map<uint32_t, PickleId> memo_;
  size_t steps_ = 0;
};

}  // namespace

Pickle read_pickle(std::span<const std::byte> bytes) { return PickleMachine(bytes).run(); }

}  // namespace hqsam
