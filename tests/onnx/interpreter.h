// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>
#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

namespace hqsam::testing_support {

// Runs a written graph by the ONNX operators' specification, with libtorch's functions: what the operators of our
// graphs need, and no more. Values of every edge stay readable.
class Interpreter {
 public:
  // Throws Error for a file that is not a model, and external data out of its bounds.
  explicit Interpreter(const std::filesystem::path& path);

  using Values = std::map<std::string, torch::Tensor>;
  // Throws Error for a missing input or an operator that is not known here.
  Values run(const Values& inputs);

  const ::onnx::ModelProto& model() const { return model_; }
  const Values& weights() const { return weights_; }
  const Values& edges() const { return edges_; }  // of the last run

 private:
  ::onnx::ModelProto model_;
  Values weights_, edges_;
};

}  // namespace hqsam::testing_support
