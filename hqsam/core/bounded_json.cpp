// SPDX-License-Identifier: Apache-2.0
#include "hqsam/core/bounded_json.h"

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"

namespace hqsam {
namespace {

using Json = nlohmann::json;

constexpr size_t kShownKey = 60, kShownReason = 240;  // the parser repeats what it read last

// Builds the value as the parser reads it, and stops it at the first bound.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view function, std::string_view what, const JsonOptions& options)
      : function_(function), what_(what), options_(options) {}

  Json take() { return std::move(root_); }

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(int64_t value) override { return scalar(value); }
  bool number_unsigned(uint64_t value) override { return scalar(value); }
  bool number_float(double value, const std::string& /*text*/) override { return scalar(value); }
  bool string(std::string& value) override { return scalar(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }  // JSON has none
  bool start_object(size_t /*count*/) override { return open(Json::value_t::object); }
  bool start_array(size_t /*count*/) override { return open(Json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    JsonStep& step = around_.back();
    const auto [at, added] = step.container->get_ref<Json::object_t&>().try_emplace(std::move(key), nullptr);
    if (!added && std::ssize(around_) <= options_.unique_depth) {
      fail(function_, "{} has the key '{}' twice in one object", what_, shown_short(at->first, kShownKey));
    }
    step.key = &at->first;
    slot_ = &at->second;
    return hold();
  }

  bool parse_error(size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    std::string_view reason = error.what();
    reason.remove_prefix(std::min(reason.find("] ") + 2, reason.size()));  // [json.exception.parse_error.101]
    fail(function_, "{} is not sound JSON: {}", what_, shown_short(reason, kShownReason));
  }

 private:
  // Where the next value goes.
  Json& place() {
    if (around_.empty()) return root_;
    Json& container = *around_.back().container;
    return container.is_array() ? container.get_ref<Json::array_t&>().emplace_back() : *slot_;
  }

  bool hold() {
    if (++held_ > kMaxJsonValues) fail(function_, "{} has over {} values: split it", what_, kMaxJsonValues);
    return true;
  }

  template <class Value>
  bool scalar(Value&& value) {
    const size_t held = held_;
    Json& at = place();
    at = std::forward<Value>(value);
    hold();
    done(at, held);
    return true;
  }

  bool open(Json::value_t type) {
    if (std::ssize(around_) >= options_.max_depth) {
      fail(function_, "{} is nested more than {} deep", what_, options_.max_depth);
    }
    Json& at = place();
    at = type;
    around_.push_back({&at, nullptr, held_});
    return hold();
  }

  bool close() {
    const JsonStep step = around_.back();
    around_.pop_back();
    done(*step.container, step.held);
    return true;
  }

  // held: values before this one.
  void done(Json& value, size_t held) {
    if (!options_.keep || options_.keep(around_, value)) return;
    held_ = held;
    if (!around_.empty() && around_.back().container->is_array()) {
      around_.back().container->get_ref<Json::array_t&>().pop_back();
    } else {
      value = nullptr;
    }
  }

  std::string_view function_, what_;
  const JsonOptions& options_;
  Json root_;
  std::vector<JsonStep> around_;
  Json* slot_ = nullptr;  // of the last key
  size_t held_ = 0;
};

}  // namespace

std::string json_shown(const Json& value) {
  return cut_short(value.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
}

Json parse_json(std::string_view function, std::string_view what, std::string_view text, const JsonOptions& options) {
  if (text.size() > options.max_bytes) {
    fail(function, "{} has {} bytes, at most {} are read", what, text.size(), options.max_bytes);
  }
  Builder builder(function, what, options);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json parse_json_object(std::string_view function, std::string_view what, std::string_view text,
                       const JsonOptions& options) {
  Json json = parse_json(function, what, text, options);
  if (!json.is_object()) fail(function, "{} expects a JSON object, got {}", what, json_shown(json));
  return json;
}

std::optional<Json> json_object_or_nothing(std::string_view text) {
  try {
    return parse_json_object("json", "it", text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace hqsam
