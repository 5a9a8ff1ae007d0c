// SPDX-License-Identifier: Apache-2.0
#include "hqsam/onnx/ops.h"

#include <numbers>

namespace hqsam::onnx {
namespace {

Value elementwise(Graph& graph, const char* op, const Value& a, const Value& b) {
  if (a.type == b.type) return graph.node(op, {a, b}, a.type);
  return graph.node(op, {to_float(graph, a), to_float(graph, b)}, Type::kFloat);
}

std::vector<Value> with_bias(Graph& graph, std::vector<Value> inputs, const std::string& key) {
  const std::string bias = key + ".bias";
  if (graph.has(bias)) inputs.push_back(graph.store(bias, graph.weight(bias), graph.compute()));
  return inputs;
}

}  // namespace

Value to_compute(Graph& graph, const Value& x) { return graph.cast(x, graph.compute()); }
Value to_float(Graph& graph, const Value& x) { return graph.cast(x, Type::kFloat); }

Value add(Graph& graph, const Value& a, const Value& b) { return elementwise(graph, "Add", a, b); }
Value subtract(Graph& graph, const Value& a, const Value& b) { return elementwise(graph, "Sub", a, b); }
Value multiply(Graph& graph, const Value& a, const Value& b) { return elementwise(graph, "Mul", a, b); }
Value divide(Graph& graph, const Value& a, const Value& b) { return elementwise(graph, "Div", a, b); }
Value scale(Graph& graph, const Value& x, double factor) { return multiply(graph, x, graph.scalar(factor, x.type)); }
Value relu(Graph& graph, const Value& x) { return graph.node("Relu", {x}, x.type); }

// In the form that runtimes recognise and fuse.
Value gelu(Graph& graph, const Value& x) {
  const Value erf = graph.node("Erf", {divide(graph, x, graph.scalar(std::numbers::sqrt2, x.type))}, x.type);
  return scale(graph, multiply(graph, x, add(graph, erf, graph.scalar(1, x.type))), 0.5);
}

Value reshape(Graph& graph, const Value& x, const std::vector<int64_t>& sizes) {
  return graph.node("Reshape", {x, graph.ints(sizes)}, x.type);
}

Value transpose(Graph& graph, const Value& x, const std::vector<int64_t>& order) {
  return graph.node("Transpose", {x}, x.type, {{"perm", order}});
}

Value concat(Graph& graph, const std::vector<Value>& parts, int64_t axis) {
  return graph.node("Concat", parts, parts.front().type, {{"axis", axis}});
}

Value slice(Graph& graph, const Value& x, int64_t axis, int64_t begin, int64_t end) {
  return graph.node("Slice", {x, graph.ints({begin}), graph.ints({end}), graph.ints({axis})}, x.type);
}

std::vector<Value> split(Graph& graph, const Value& x, const std::vector<int64_t>& sizes, int64_t axis) {
  return graph.node("Split", {x, graph.ints(sizes)}, std::vector<Type>(sizes.size(), x.type), {{"axis", axis}});
}

Value select(Graph& graph, const Value& x, int64_t axis, int64_t index) {
  return graph.node("Gather", {x, graph.scalar(static_cast<double>(index), Type::kInt64)}, x.type, {{"axis", axis}});
}

Value unsqueeze(Graph& graph, const Value& x, int64_t axis) {
  return graph.node("Unsqueeze", {x, graph.ints({axis})}, x.type);
}

Value pad(Graph& graph, const Value& x, const Value& before_and_after) {
  return graph.node("Pad", {x, before_and_after}, x.type);
}

Value shape(Graph& graph, const Value& x, int64_t begin, int64_t end) {
  return graph.node("Shape", {x}, Type::kInt64, {{"start", begin}, {"end", end}});
}

Value matmul(Graph& graph, const Value& a, const Value& b) {
  return graph.node("MatMul", {to_compute(graph, a), to_compute(graph, b)}, graph.compute());
}

Value softmax(Graph& graph, const Value& x) {
  return graph.node("Softmax", {to_float(graph, x)}, Type::kFloat, {{"axis", int64_t{-1}}});
}

Value linear(Graph& graph, const Value& x, const std::string& key) {
  const std::string weight = key + ".weight";
  const Value product = matmul(graph, x, graph.store(weight, graph.weight(weight).t(), graph.compute()));
  const auto biased = with_bias(graph, {product}, key);
  return biased.size() == 1 ? product : add(graph, product, biased[1]);
}

Value mlp(Graph& graph, Value x, const std::string& key, int64_t depth) {
  for (int64_t i = 0; i < depth; ++i) {
    x = linear(graph, x, key + ".layers." + std::to_string(i));
    if (i + 1 < depth) x = relu(graph, x);
  }
  return x;
}

Value layer_norm(Graph& graph, const Value& x, const std::string& key, double eps) {
  const Value weight = graph.store(key + ".weight", graph.weight(key + ".weight"), Type::kFloat);
  const Value bias = graph.store(key + ".bias", graph.weight(key + ".bias"), Type::kFloat);
  return graph.node("LayerNormalization", {to_float(graph, x), weight, bias}, Type::kFloat,
                    {{"axis", int64_t{-1}}, {"epsilon", eps}});
}

Value layer_norm_2d(Graph& graph, const Value& x, const std::string& key, double eps) {
  return transpose(graph, layer_norm(graph, transpose(graph, x, {0, 2, 3, 1}), key, eps), {0, 3, 1, 2});
}

Value conv2d(Graph& graph, const Value& x, const std::string& key, const Convolution& how) {
  const torch::Tensor& weight = graph.weight(key + ".weight");
  const Value kernel = graph.store(key + ".weight", weight, graph.compute());
  return conv2d(graph, with_bias(graph, {x, kernel}, key), weight.size(2), how);
}

Value conv2d(Graph& graph, std::vector<Value> inputs, int64_t kernel_size, const Convolution& how) {
  inputs.front() = to_compute(graph, inputs.front());
  return graph.node("Conv", inputs, graph.compute(),
                    {{"kernel_shape", std::vector<int64_t>(2, kernel_size)},
                     {"strides", std::vector<int64_t>(2, how.stride)},
                     {"pads", std::vector<int64_t>(4, how.padding)},
                     {"group", how.groups}});
}

Value conv_transpose2x(Graph& graph, const Value& x, const std::string& key) {
  const Value weight = graph.store(key + ".weight", graph.weight(key + ".weight"), graph.compute());
  const std::vector<int64_t> two = {2, 2};
  return graph.node("ConvTranspose", with_bias(graph, {to_compute(graph, x), weight}, key), graph.compute(),
                    {{"kernel_shape", two}, {"strides", two}});
}

Value window_partition(Graph& graph, const Value& x, int64_t side, int64_t window, int64_t channels) {
  const int64_t count = (side + window - 1) / window, added = count * window - side;
  const Value padded = added > 0 ? pad(graph, x, graph.ints({0, 0, 0, 0, 0, added, added, 0})) : x;
  const Value cut = reshape(graph, padded, {-1, count, window, count, window, channels});
  return reshape(graph, transpose(graph, cut, {0, 1, 3, 2, 4, 5}), {-1, window, window, channels});
}

Value window_unpartition(Graph& graph, const Value& windows, int64_t side, int64_t window, int64_t channels) {
  const int64_t count = (side + window - 1) / window, padded = count * window;
  const Value cut = reshape(graph, windows, {-1, count, count, window, window, channels});
  const Value joined = reshape(graph, transpose(graph, cut, {0, 1, 3, 2, 4, 5}), {-1, padded, padded, channels});
  return padded == side ? joined : slice(graph, slice(graph, joined, 1, 0, side), 2, 0, side);
}

}  // namespace hqsam::onnx
