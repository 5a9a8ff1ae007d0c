// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "hqsam/tensorfile/byte_reader.h"
#include "hqsam/tensorfile/pickle.h"

namespace hqsam {

// The stack machine that a pickle is a program of (pickle.h says what it makes). run_* are groups of operations, which
// return false for those of other groups; pickle_calls.cpp holds run_call and what it needs.
class PickleMachine {
 public:
  explicit PickleMachine(std::span<const std::byte> bytes) : reader_(bytes, "the pickle") {}

  Pickle run();

 private:
  [[noreturn]] void refuse(std::string_view fault) const;
  void spend(size_t steps);

  PickleId add(PickleNode node);
  bool push(PickleNode node);
  bool push_int(int64_t value) { return push({.kind = PickleKind::kInt, .integer = value}); }
  bool push_bool(bool value) { return push({.kind = PickleKind::kBool, .integer = value}); }
  bool push_text(uint64_t count) { return push({.kind = PickleKind::kText, .text = as_text(reader_.take(count))}); }
  bool push_long(uint32_t count);
  bool push_other(uint64_t skipped_bytes);
  bool push_tuple(size_t count);

  PickleNode& node(PickleId id) { return pickle_.nodes[id]; }
  bool is_opaque(PickleId id) { return node(id).kind == PickleKind::kOpaque; }
  std::string_view text_of(PickleId id);
  PickleId top() const;
  PickleId pop();
  std::vector<PickleId> pop_to_mark();
  bool pop_or_unmark();

  bool run_scalar(uint8_t op);
  bool run_text(uint8_t op);
  bool run_container(uint8_t op);
  bool run_memo(uint8_t op);
  bool run_set(uint8_t op);
  bool run_call(uint8_t op);

  bool set_item();
  bool extend(PickleKind kind, const std::vector<PickleId>& items);
  bool remember(uint32_t slot);
  bool recall(uint32_t slot);
  bool check_protocol(uint8_t protocol) const;

  bool push_opaque_like(PickleId type);
  bool make_instance(PickleNode type);
  bool make_object();
  bool build();
  bool call(PickleId callable, PickleId arguments, uint8_t op);
  bool call_opaque(PickleId callable, PickleId arguments);
  bool push_storage(PickleId id);
  bool push_ordered_dict(PickleId arguments);
  bool push_first(PickleId arguments, PickleKind kind);
  bool push_tensor(PickleId arguments);
  bool is_shape(const PickleNode& shape);

  ByteReader reader_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;  // stack sizes
  std::unordered_map<uint32_t, PickleId> memo_;
  size_t steps_ = 0;
  PickleId other_ = kNoNode;  // the one node of all kOther values

  static constexpr PickleId kNoNode = ~PickleId{0};
};

}  // namespace hqsam
