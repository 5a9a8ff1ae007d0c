// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>
#include <torch/torch.h>

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "hqsam/model/sam_hq.h"

// What the exporter writes graphs with. ONNX's own classes live in ::onnx.
namespace hqsam::onnx {

enum class Type { kFloat, kHalf, kInt64, kBool };

// What flows along one edge of a graph. An empty name is an optional input that is not given.
struct Value {
  std::string name;
  Type type = Type::kFloat;
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>>;
using Attributes = std::vector<std::pair<const char*, Attribute>>;

// A dimension of an input or output: fixed, or named where the caller chooses.
using Dim = std::variant<int64_t, const char*>;

// A model's tensors by checkpoint key, on the CPU; low-rank terms are added in.
class Weights {
 public:
  explicit Weights(const SamHq& model);
  const torch::Tensor* find(const std::string& key) const;  // null where missing

 private:
  std::unordered_map<std::string, torch::Tensor> tensors_;
};

// A tensor to be stored with a graph. `tensor` may be a view of the model's, in another type and strided: it is
// converted when it is written, so that a graph takes no memory of its own.
struct Initializer {
  std::string name;
  torch::Tensor tensor;
  Type type;
};

// A graph in the making. Nodes are appended in the order of computation; names follow the checkpoint's keys.
class Graph {
 public:
  // compute: kFloat, or kHalf for a graph of mixed precision (see ops.h).
  Graph(const std::string& name, const Weights& weights, Type compute);

  Value input(const std::string& name, Type type, const std::vector<Dim>& shape, const std::string& meaning);
  // Gives the value that name and no other: runtimes that drop an Identity node keep both names for one tensor. To be
  // called when all nodes are there, for a value that a node made.
  void output(const std::string& name, const Value& value, const std::vector<Dim>& shape, const std::string& meaning);

  Value node(const char* op, const std::vector<Value>& inputs, Type type, const Attributes& attributes = {});
  std::vector<Value> node(const char* op, const std::vector<Value>& inputs, const std::vector<Type>& types,
                          const Attributes& attributes = {});
  Value cast(const Value& value, Type type);  // the value itself where it has the type

  // The model's tensor under the current scope; `has` says whether there is one. Throws Error where it is missing.
  const torch::Tensor& weight(const std::string& key) const;
  bool has(const std::string& key) const;
  // Stores a tensor under the current scope. Throws Error for numbers that are not finite, or not in fp16.
  Value store(const std::string& key, const torch::Tensor& tensor, Type type);
  // Small constants; equal ones are stored once.
  Value ints(const std::vector<int64_t>& values);
  Value scalar(double value, Type type);

  Type compute() const { return compute_; }
  const ::onnx::GraphProto& proto() const { return proto_; }
  const std::vector<Initializer>& initializers() const { return initializers_; }

 private:
  friend class Scope;
  friend class InFloat;
  std::string path(const std::string& key) const { return scope_.empty() ? key : scope_ + "." + key; }
  std::string fresh_name(const std::string& op);

  const Weights& weights_;
  Type compute_;
  std::string scope_;
  ::onnx::GraphProto proto_;
  std::vector<Initializer> initializers_;
  std::unordered_map<std::string, int> used_names_;
  std::map<std::pair<std::string, Type>, Value> casts_;
  std::map<std::string, Value> constants_;
};

// The module that is being written: while it lives, keys and names are under scope.name.
class Scope {
 public:
  Scope(Graph& graph, const std::string& name) : graph_(graph), before_(graph.scope_) {
    graph.scope_ = graph.path(name);
  }
  Scope(Graph& graph, const std::string& list, int64_t index) : Scope(graph, list + "." + std::to_string(index)) {}
  ~Scope() { graph_.scope_ = before_; }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Graph& graph_;
  std::string before_;
};

// While it lives, everything is computed in fp32, also in a graph of mixed precision.
class InFloat {
 public:
  explicit InFloat(Graph& graph) : graph_(graph), before_(graph.compute_) { graph.compute_ = Type::kFloat; }
  ~InFloat() { graph_.compute_ = before_; }
  InFloat(const InFloat&) = delete;
  InFloat& operator=(const InFloat&) = delete;

 private:
  Graph& graph_;
  Type before_;
};

int32_t onnx_type(Type type);  // of ::onnx::TensorProto::DataType
torch::ScalarType torch_type(Type type);

}  // namespace hqsam::onnx
