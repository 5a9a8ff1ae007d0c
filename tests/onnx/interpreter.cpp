// SPDX-License-Identifier: Apache-2.0
#include "onnx/interpreter.h"

#include <functional>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"

namespace hqsam::testing_support {
namespace {

using torch::Tensor;
using Numbers = std::vector<int64_t>;

torch::ScalarType scalar_type(int type) {
  switch (type) {
    case ::onnx::TensorProto::FLOAT:
      return torch::kFloat32;
    case ::onnx::TensorProto::FLOAT16:
      return torch::kHalf;
    case ::onnx::TensorProto::INT64:
      return torch::kInt64;
    case ::onnx::TensorProto::BOOL:
      return torch::kBool;
    default:
      fail("Interpreter", "unknown type {}", type);
  }
}

Tensor read_tensor(const ::onnx::TensorProto& proto, const std::filesystem::path& folder) {
  std::string bytes = proto.raw_data();
  if (proto.data_location() == ::onnx::TensorProto::EXTERNAL) {
    std::map<std::string, std::string> where;
    for (const auto& entry : proto.external_data()) where[entry.key()] = entry.value();
    const size_t offset = std::stoull(where.at("offset")), length = std::stoull(where.at("length"));
    const std::string file = read_file(folder / where.at("location"));
    if (offset + length > file.size()) fail("Interpreter", "'{}' ends outside its file", proto.name());
    bytes = file.substr(offset, length);
  }
  auto tensor = torch::empty(Numbers(proto.dims().begin(), proto.dims().end()), scalar_type(proto.data_type()));
  if (bytes.size() != tensor.nbytes()) fail("Interpreter", "'{}' has {} bytes", proto.name(), bytes.size());
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

Numbers numbers(const Tensor& tensor) {
  const auto whole = tensor.to(torch::kInt64).contiguous();
  return {whole.data_ptr<int64_t>(), whole.data_ptr<int64_t>() + whole.numel()};
}

// One node with its inputs at hand.
struct Node {
  const ::onnx::NodeProto& proto;
  std::vector<Tensor> in;

  const ::onnx::AttributeProto* find(const char* name) const {
    for (const auto& attribute : proto.attribute()) {
      if (attribute.name() == name) return &attribute;
    }
    return nullptr;
  }
  int64_t integer(const char* name, int64_t otherwise) const { return find(name) ? find(name)->i() : otherwise; }
  double real(const char* name) const { return find(name)->f(); }
  Numbers list(const char* name) const { return {find(name)->ints().begin(), find(name)->ints().end()}; }
  bool given(size_t input) const { return input < in.size() && in[input].defined(); }
};

Tensor reshape(const Node& node) {
  Numbers sizes = numbers(node.in[1]);
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) sizes[i] = node.in[0].size(static_cast<int64_t>(i));
  }
  return node.in[0].reshape(sizes);
}

Tensor slice(const Node& node) {
  const Numbers begin = numbers(node.in[1]), end = numbers(node.in[2]), axes = numbers(node.in[3]);
  Tensor x = node.in[0];
  for (size_t i = 0; i < axes.size(); ++i) x = x.slice(axes[i], begin[i], end[i]);
  return x;
}

Tensor pad(const Node& node) {
  const Numbers pads = numbers(node.in[1]);
  const auto rank = static_cast<int64_t>(pads.size() / 2);
  Numbers from_last;
  for (int64_t i = rank - 1; i >= 0; --i) from_last.insert(from_last.end(), {pads[i], pads[i + rank]});
  return torch::constant_pad_nd(node.in[0], from_last);
}

Tensor gather(const Node& node) {
  const int64_t axis = node.integer("axis", 0);
  const Tensor& index = node.in[1];
  if (index.dim() == 0) return node.in[0].select(axis, index.item<int64_t>());
  Numbers sizes(node.in[0].sizes().begin(), node.in[0].sizes().end());
  sizes.erase(sizes.begin() + axis);
  sizes.insert(sizes.begin() + axis, index.sizes().begin(), index.sizes().end());
  return node.in[0].index_select(axis, index.flatten()).view(sizes);
}

Tensor resize(const Node& node) {
  if (node.find("coordinate_transformation_mode")->s() != "half_pixel" || node.find("mode")->s() != "linear") {
    fail("Interpreter", "unknown kind of Resize");
  }
  Numbers sizes;
  if (node.given(3)) {
    sizes = numbers(node.in[3]);
  } else {
    const auto factors = node.in[2].contiguous();
    for (int64_t i = 0; i < factors.numel(); ++i) {
      const double size = static_cast<double>(node.in[0].size(i)) * factors.data_ptr<float>()[i];
      sizes.push_back(static_cast<int64_t>(std::floor(size)));
    }
  }
  return torch::upsample_bilinear2d(node.in[0], {sizes.at(2), sizes.at(3)}, /*align_corners=*/false);
}

// Products as runtimes make them: sums in fp32, the result rounded.
Tensor conv(const Node& node, bool transposed) {
  const auto single = [&](size_t i) { return node.given(i) ? node.in[i].to(torch::kFloat32) : Tensor(); };
  const auto type = node.in[0].scalar_type();
  if (transposed) return torch::conv_transpose2d(single(0), single(1), single(2), node.list("strides")).to(type);
  const Numbers pads = node.list("pads");
  return torch::conv2d(single(0), single(1), single(2), node.list("strides"), Numbers{pads[0], pads[1]}, Numbers{1, 1},
                       node.integer("group", 1))
      .to(type);
}

Tensor matmul(const Node& node) {
  return torch::matmul(node.in[0].to(torch::kFloat32), node.in[1].to(torch::kFloat32)).to(node.in[0].scalar_type());
}

using Operator = std::function<std::vector<Tensor>(const Node&)>;

std::map<std::string, Operator> elementwise_operators() {
  const auto unary = [](Tensor (*f)(const Tensor&)) { return [f](const Node& n) { return std::vector{f(n.in[0])}; }; };
  const auto binary = [](auto f) {
    return [f](const Node& n) {
      if (n.in[0].scalar_type() != n.in[1].scalar_type()) fail("Interpreter", "{}: two types", n.proto.name());
      return std::vector<Tensor>{f(n.in[0], n.in[1])};
    };
  };
  return {
      {"Add", binary([](const Tensor& a, const Tensor& b) { return a + b; })},
      {"Sub", binary([](const Tensor& a, const Tensor& b) { return a - b; })},
      {"Mul", binary([](const Tensor& a, const Tensor& b) { return a * b; })},
      {"Div", binary([](const Tensor& a, const Tensor& b) {
         return a.is_floating_point() ? a / b : torch::div(a, b, "trunc");
       })},
      {"Max", binary([](const Tensor& a, const Tensor& b) { return torch::maximum(a, b); })},
      {"Equal", binary([](const Tensor& a, const Tensor& b) { return a == b; })},
      {"Where", [](const Node& n) { return std::vector{torch::where(n.in[0], n.in[1], n.in[2])}; }},
      {"Erf", unary(torch::erf)},
      {"Sin", unary(torch::sin)},
      {"Cos", unary(torch::cos)},
      {"Relu", unary(torch::relu)},
      {"Identity", [](const Node& n) { return std::vector{n.in[0]}; }},
      {"Cast",
       [](const Node& n) { return std::vector{n.in[0].to(scalar_type(static_cast<int>(n.integer("to", 0))))}; }},
  };
}

std::map<std::string, Operator> shape_operators() {
  return {
      {"Reshape", [](const Node& n) { return std::vector{reshape(n)}; }},
      {"Slice", [](const Node& n) { return std::vector{slice(n)}; }},
      {"Pad", [](const Node& n) { return std::vector{pad(n)}; }},
      {"Gather", [](const Node& n) { return std::vector{gather(n)}; }},
      {"Transpose", [](const Node& n) { return std::vector{n.in[0].permute(n.list("perm"))}; }},
      {"Concat", [](const Node& n) { return std::vector{torch::cat(n.in, n.integer("axis", 0))}; }},
      {"Split", [](const Node& n) { return n.in[0].split_with_sizes(numbers(n.in[1]), n.integer("axis", 0)); }},
      {"Unsqueeze", [](const Node& n) { return std::vector{n.in[0].unsqueeze(numbers(n.in[1])[0])}; }},
      {"Expand",
       [](const Node& n) { return std::vector{n.in[0].expand(at::infer_size(n.in[0].sizes(), numbers(n.in[1])))}; }},
      {"GatherElements", [](const Node& n) { return std::vector{n.in[0].gather(n.integer("axis", 0), n.in[1])}; }},
      {"Shape",
       [](const Node& n) {
         const auto sizes = torch::tensor(Numbers(n.in[0].sizes().begin(), n.in[0].sizes().end()), torch::kInt64);
         return std::vector{sizes.slice(0, n.integer("start", 0), n.integer("end", sizes.numel()))};
       }},
  };
}

std::map<std::string, Operator> product_operators() {
  return {
      {"MatMul", [](const Node& n) { return std::vector{matmul(n)}; }},
      {"Conv", [](const Node& n) { return std::vector{conv(n, false)}; }},
      {"ConvTranspose", [](const Node& n) { return std::vector{conv(n, true)}; }},
      {"Resize", [](const Node& n) { return std::vector{resize(n)}; }},
      {"Softmax", [](const Node& n) { return std::vector{torch::softmax(n.in[0], n.integer("axis", -1))}; }},
      {"ReduceMax", [](const Node& n) { return std::vector{n.in[0].amax(Numbers{}, /*keepdim=*/true)}; }},
      {"LayerNormalization",
       [](const Node& n) {
         return std::vector{torch::layer_norm(n.in[0], n.in[1].sizes(), n.in[1], n.in[2], n.real("epsilon"))};
       }},
      {"TopK",
       [](const Node& n) {
         const auto [values, indices] =
             torch::topk(n.in[0], numbers(n.in[1])[0], n.integer("axis", -1), /*largest=*/true, /*sorted=*/true);
         return std::vector{values, indices};
       }},
  };
}

const std::map<std::string, Operator>& operators() {
  static const auto all = [] {
    auto merged = elementwise_operators();
    merged.merge(shape_operators());
    merged.merge(product_operators());
    return merged;
  }();
  return all;
}

}  // namespace

Interpreter::Interpreter(const std::filesystem::path& path) {
  if (!model_.ParseFromString(read_file(path))) fail("Interpreter", "{} is no model", path.string());
  for (const auto& tensor : model_.graph().initializer()) {
    weights_[tensor.name()] = read_tensor(tensor, path.parent_path());
  }
}

Interpreter::Values Interpreter::run(const Values& inputs) {
  torch::NoGradGuard no_grad;
  edges_ = weights_;
  for (const auto& input : model_.graph().input()) {
    if (!inputs.contains(input.name())) fail("Interpreter", "input '{}' is missing", input.name());
    edges_[input.name()] = inputs.at(input.name());
  }
  for (const auto& proto : model_.graph().node()) {
    Node node{proto, {}};
    for (const std::string& name : proto.input()) node.in.push_back(name.empty() ? Tensor() : edges_.at(name));
    const auto known = operators().find(proto.op_type());
    if (known == operators().end()) fail("Interpreter", "unknown operator {}", proto.op_type());
    const auto out = known->second(node);
    for (int i = 0; i < proto.output_size(); ++i) edges_[proto.output(i)] = out.at(static_cast<size_t>(i));
  }
  Values outputs;
  for (const auto& output : model_.graph().output()) outputs[output.name()] = edges_.at(output.name());
  return outputs;
}

}  // namespace hqsam::testing_support
