// SPDX-License-Identifier: Apache-2.0
#include "hqsam/tensorfile/pickle.h"

#include <cstring>
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/tensorfile/pickle_machine.h"
#include "hqsam/tensorfile/pickle_ops.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "read_pth";
constexpr size_t kMaxNodes = 1 << 20;  // also the limit on the memo
constexpr size_t kMaxSteps = 1 << 23;  // operations, and items that a call copies

}  // namespace

Pickle PickleMachine::run() {
  for (uint8_t op = reader_.number<uint8_t>(); op != kStop; op = reader_.number<uint8_t>()) {
    spend(1);
    if (!run_scalar(op) && !run_text(op) && !run_container(op) && !run_memo(op) && !run_set(op) && !run_call(op)) {
      refuse(fmt::format("has the operation 0x{:02x}, which no pickle of protocol 2 to 5 from torch.save has", op));
    }
  }
  pickle_.root = pop();
  pickle_.bytes = reader_.position();
  return std::move(pickle_);
}

void PickleMachine::refuse(std::string_view fault) const {
  fail(kFunction,
       "the pickle {} (before its byte {}): the file is damaged, or not from torch.save; in Python, "
       "torch.save(model.state_dict(), path) writes what is expected",
       fault, reader_.position());
}

void PickleMachine::spend(size_t steps) {
  steps_ += steps;
  if (steps_ > kMaxSteps) refuse("takes more steps than any state dict");
}

PickleId PickleMachine::add(PickleNode node) {
  if (pickle_.nodes.size() == kMaxNodes) refuse("holds more objects than any state dict");
  pickle_.nodes.push_back(std::move(node));
  return static_cast<PickleId>(pickle_.nodes.size() - 1);
}

bool PickleMachine::push(PickleNode node) {
  stack_.push_back(add(std::move(node)));
  return true;
}

// These values share one node, so that long lists of floats take little memory.
bool PickleMachine::push_other(uint64_t skipped_bytes) {
  reader_.take(skipped_bytes);
  if (other_ == kNoNode) other_ = add({.kind = PickleKind::kOther});
  stack_.push_back(other_);
  return true;
}

PickleId PickleMachine::top() const {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) refuse("takes more from its stack than it put there");
  return stack_.back();
}

PickleId PickleMachine::pop() {
  const PickleId id = top();
  stack_.pop_back();
  return id;
}

std::vector<PickleId> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("closes a group that it did not open");
  const auto begin = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
  std::vector<PickleId> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

bool PickleMachine::run_scalar(uint8_t op) {
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
bool PickleMachine::push_long(uint32_t count) {
  if (count > sizeof(int64_t)) return push_other(count);
  const auto bytes = reader_.take(count);
  const bool negative = count > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
  int64_t value = negative ? -1 : 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return push_int(value);
}

bool PickleMachine::run_text(uint8_t op) {
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
    case kByteArray8:
      return push_other(reader_.number<uint64_t>());
    default:
      return false;
  }
}

bool PickleMachine::run_container(uint8_t op) {
  switch (op) {
    case kMark:
      marks_.push_back(stack_.size());
      return true;
    case kPop:
      return pop_or_unmark();
    case kPopMark:
      pop_to_mark();
      return true;
    case kDup:
      stack_.push_back(top());
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

bool PickleMachine::pop_or_unmark() {
  if (!marks_.empty() && marks_.back() == stack_.size()) {
    marks_.pop_back();
  } else {
    pop();
  }
  return true;
}

bool PickleMachine::push_tuple(size_t count) {
  std::vector<PickleId> items(count);
  while (count-- > 0) items[count] = pop();
  return push({.kind = PickleKind::kTuple, .items = std::move(items)});
}

bool PickleMachine::set_item() {
  const PickleId value = pop();
  const PickleId key = pop();
  return extend(PickleKind::kDict, {key, value});
}

bool PickleMachine::extend(PickleKind kind, const std::vector<PickleId>& items) {
  PickleNode& target = node(top());
  if (target.kind == PickleKind::kOpaque) return true;  // its contents are not examined
  if (target.kind != kind || (kind == PickleKind::kDict && items.size() % 2 != 0)) {
    refuse(fmt::format("adds {} items to {}", items.size(), kind_name(target.kind)));
  }
  target.items.insert(target.items.end(), items.begin(), items.end());
  return true;
}

bool PickleMachine::run_memo(uint8_t op) {
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

// A state dict contains no sets.
bool PickleMachine::run_set(uint8_t op) {
  const PickleNode set{.kind = PickleKind::kOpaque, .text = "set", .module = "builtins"};
  switch (op) {
    case kEmptySet:
      return push(set);
    case kFrozenSet:
      pop_to_mark();
      return push(set);
    case kAddItems:
      pop_to_mark();
      if (!is_opaque(top())) refuse(fmt::format("adds items to {}", kind_name(node(top()).kind)));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::remember(uint32_t slot) {
  if (memo_.size() == kMaxNodes) refuse("remembers more objects than any state dict");
  memo_[slot] = top();
  return true;
}

bool PickleMachine::recall(uint32_t slot) {
  const auto found = memo_.find(slot);
  if (found == memo_.end()) refuse(fmt::format("refers to object {}, which it lacks", slot));
  stack_.push_back(found->second);
  return true;
}

bool PickleMachine::check_protocol(uint8_t protocol) const {
  if (protocol > 5) refuse(fmt::format("has protocol {}, at most 5 is known", protocol));
  return true;
}

Pickle read_pickle(std::span<const std::byte> bytes) { return PickleMachine(bytes).run(); }

}  // namespace hqsam
