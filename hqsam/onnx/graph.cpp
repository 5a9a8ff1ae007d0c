// SPDX-License-Identifier: Apache-2.0
#include "hqsam/onnx/graph.h"

#include "hqsam/core/error.h"
#include "hqsam/model/checkpoint.h"

namespace hqsam::onnx {
namespace {

void describe(::onnx::ValueInfoProto& info, const std::string& name, Type type, const std::vector<Dim>& shape,
              const std::string& meaning) {
  info.set_name(name);
  info.set_doc_string(meaning);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx_type(type));
  auto& dims = *tensor.mutable_shape();
  for (const Dim& dim : shape) {
    auto& added = *dims.add_dim();
    if (const auto* size = std::get_if<int64_t>(&dim)) {
      added.set_dim_value(*size);
    } else {
      added.set_dim_param(std::get<const char*>(dim));
    }
  }
}

void add_attribute(::onnx::NodeProto& node, const std::string& name, const Attribute& value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  if (const auto* number = std::get_if<int64_t>(&value)) {
    attribute.set_type(::onnx::AttributeProto::INT);
    attribute.set_i(*number);
  } else if (const auto* real = std::get_if<double>(&value)) {
    attribute.set_type(::onnx::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(*real));
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    attribute.set_type(::onnx::AttributeProto::STRING);
    attribute.set_s(*text);
  } else {
    attribute.set_type(::onnx::AttributeProto::INTS);
    for (const int64_t element : std::get<std::vector<int64_t>>(value)) attribute.add_ints(element);
  }
}

void check_numbers(const std::string& name, const torch::Tensor& tensor, Type type) {
  if (!tensor.is_floating_point()) return;
  if (!tensor.isfinite().all().item<bool>()) fail("export_onnx", "'{}' has numbers that are not finite", name);
  if (type == Type::kHalf && !tensor.to(torch::kHalf).isfinite().all().item<bool>()) {
    fail("export_onnx", "'{}' has numbers too large for fp16: export fp32", name);
  }
}

}  // namespace

int32_t onnx_type(Type type) {
  switch (type) {
    case Type::kFloat:
      return ::onnx::TensorProto::FLOAT;
    case Type::kHalf:
      return ::onnx::TensorProto::FLOAT16;
    case Type::kInt64:
      return ::onnx::TensorProto::INT64;
    case Type::kBool:
      return ::onnx::TensorProto::BOOL;
  }
  fail("onnx_type", "unknown type {}", static_cast<int>(type));
}

torch::ScalarType torch_type(Type type) {
  switch (type) {
    case Type::kFloat:
      return torch::kFloat32;
    case Type::kHalf:
      return torch::kHalf;
    case Type::kInt64:
      return torch::kInt64;
    case Type::kBool:
      return torch::kBool;
  }
  fail("torch_type", "unknown type {}", static_cast<int>(type));
}

Weights::Weights(const SamHq& model) {
  for (auto& [key, tensor] : checkpoint_of(model).tensors) tensors_.emplace(key, tensor);
}

const torch::Tensor* Weights::find(const std::string& key) const {
  const auto found = tensors_.find(key);
  return found == tensors_.end() ? nullptr : &found->second;
}

Graph::Graph(const std::string& name, const Weights& weights, Type compute) : weights_(weights), compute_(compute) {
  proto_.set_name(name);
}

Value Graph::input(const std::string& name, Type type, const std::vector<Dim>& shape, const std::string& meaning) {
  describe(*proto_.add_input(), name, type, shape, meaning);
  return {name, type};
}

void Graph::output(const std::string& name, const Value& value, const std::vector<Dim>& shape,
                   const std::string& meaning) {
  const auto rename = [&](std::string& edge) {
    if (edge == value.name) edge = name;
  };
  for (auto& node : *proto_.mutable_node()) {
    for (auto& input : *node.mutable_input()) rename(input);
    for (auto& output : *node.mutable_output()) rename(output);
  }
  describe(*proto_.add_output(), name, value.type, shape, meaning);
}

Value Graph::node(const char* op, const std::vector<Value>& inputs, Type type, const Attributes& attributes) {
  return node(op, inputs, std::vector<Type>{type}, attributes)[0];
}

std::vector<Value> Graph::node(const char* op, const std::vector<Value>& inputs, const std::vector<Type>& types,
                               const Attributes& attributes) {
  auto& added = *proto_.add_node();
  const std::string name = fresh_name(op);
  added.set_op_type(op);
  added.set_name(name);
  for (const Value& input : inputs) added.add_input(input.name);
  for (const auto& [key, value] : attributes) add_attribute(added, key, value);
  std::vector<Value> outputs;
  for (const Type type : types) {
    const std::string output = types.size() == 1 ? name : fmt::format("{}.{}", name, outputs.size());
    added.add_output(output);
    outputs.push_back({output, type});
  }
  return outputs;
}

Value Graph::cast(const Value& value, Type type) {
  if (value.type == type) return value;
  auto& cached = casts_[{value.name, type}];
  if (cached.name.empty()) cached = node("Cast", {value}, type, {{"to", int64_t{onnx_type(type)}}});
  return cached;
}

const torch::Tensor& Graph::weight(const std::string& key) const {
  const torch::Tensor* found = weights_.find(path(key));
  if (found == nullptr) fail("export_onnx", "the model has no '{}'", path(key));
  return *found;
}

bool Graph::has(const std::string& key) const { return weights_.find(path(key)) != nullptr; }

Value Graph::store(const std::string& key, const torch::Tensor& tensor, Type type) {
  const std::string name = path(key);
  if (used_names_[name]++ > 0) fail("export_onnx", "'{}' would be stored twice", name);
  check_numbers(name, tensor, type);
  initializers_.push_back({name, tensor, type});
  return {name, type};
}

Value Graph::ints(const std::vector<int64_t>& values) {
  Value& constant = constants_[fmt::format("ints/{}", fmt::join(values, ","))];
  if (constant.name.empty()) {
    constant = {fmt::format("ints/{}", fmt::join(values, ",")), Type::kInt64};
    initializers_.push_back({constant.name, torch::tensor(values, torch::kInt64), Type::kInt64});
  }
  return constant;
}

Value Graph::scalar(double value, Type type) {
  const std::string name = fmt::format("{}/{}",
                                       type == Type::kHalf    ? "half"
                                       : type == Type::kFloat ? "float"
                                                              : "int",
                                       value);
  Value& constant = constants_[name];
  if (constant.name.empty()) {
    constant = {name, type};
    initializers_.push_back({name, torch::tensor(value, torch::kFloat64), type});
  }
  return constant;
}

std::string Graph::fresh_name(const std::string& op) {
  const std::string name = scope_ + "/" + op;
  const int before = used_names_[name]++;
  return before == 0 ? name : fmt::format("{}_{}", name, before);
}

}  // namespace hqsam::onnx
