// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/onnx/graph.h"

// The operations that the model is made of. Weights go by their key under the graph's scope.
//
// Mixed precision (compute() == kHalf): linear layers, convolutions and matrix products run in fp16 on fp16
// weights. What adds up many numbers or grows with depth is in fp32: sums of residuals and the layers that read them
// without a norm, layer norms (sums of squares), attention logits from the relative positions on with their softmax.
namespace hqsam::onnx {

Value to_compute(Graph& graph, const Value& x);  // in the graph's type for products
Value to_float(Graph& graph, const Value& x);

// Elementwise, with broadcasting; of fp16 and fp32 the result is fp32.
Value add(Graph& graph, const Value& a, const Value& b);
Value subtract(Graph& graph, const Value& a, const Value& b);
Value multiply(Graph& graph, const Value& a, const Value& b);
Value divide(Graph& graph, const Value& a, const Value& b);
Value scale(Graph& graph, const Value& x, double factor);
Value relu(Graph& graph, const Value& x);
Value gelu(Graph& graph, const Value& x);  // with erf

// sizes: 0 = as it was, -1 = the rest.
Value reshape(Graph& graph, const Value& x, const std::vector<int64_t>& sizes);
Value transpose(Graph& graph, const Value& x, const std::vector<int64_t>& order);
Value concat(Graph& graph, const std::vector<Value>& parts, int64_t axis);
Value slice(Graph& graph, const Value& x, int64_t axis, int64_t begin, int64_t end);
std::vector<Value> split(Graph& graph, const Value& x, const std::vector<int64_t>& sizes, int64_t axis);
Value select(Graph& graph, const Value& x, int64_t axis, int64_t index);  // the axis goes away
Value unsqueeze(Graph& graph, const Value& x, int64_t axis);
Value pad(Graph& graph, const Value& x, const Value& before_and_after);  // with zeros; as ONNX's Pad
// shape[begin, end) of x as int64.
Value shape(Graph& graph, const Value& x, int64_t begin, int64_t end);

Value matmul(Graph& graph, const Value& a, const Value& b);
Value softmax(Graph& graph, const Value& x);  // over the last axis; fp32
Value linear(Graph& graph, const Value& x, const std::string& key);
// Linear layers with ReLU between them, as hqsam::Mlp.
Value mlp(Graph& graph, Value x, const std::string& key, int64_t depth);
// Over the last axis; the result is fp32.
Value layer_norm(Graph& graph, const Value& x, const std::string& key, double eps);
// Over the channels of [B,C,H,W]; the result is fp32.
Value layer_norm_2d(Graph& graph, const Value& x, const std::string& key, double eps = 1e-6);

struct Convolution {
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t groups = 1;
};
Value conv2d(Graph& graph, const Value& x, const std::string& key, const Convolution& how = {});
// With weights that are stored already; inputs: x, kernel [out, in / groups, k, k], and bias [out] where there is one.
Value conv2d(Graph& graph, std::vector<Value> inputs, int64_t kernel_size, const Convolution& how);
// Twice the size: kernel 2, stride 2.
Value conv_transpose2x(Graph& graph, const Value& x, const std::string& key);

// [B,H,W,C] -> windows [B * windows, window, window, C], zero-padded at the right and bottom; and back.
Value window_partition(Graph& graph, const Value& x, int64_t side, int64_t window, int64_t channels);
Value window_unpartition(Graph& graph, const Value& windows, int64_t side, int64_t window, int64_t channels);

}  // namespace hqsam::onnx
