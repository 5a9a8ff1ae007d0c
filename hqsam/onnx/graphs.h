// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/onnx/export.h"
#include "hqsam/onnx/graph.h"

namespace hqsam::onnx {

// The two graphs of export_onnx; `weights` are the model's and outlive them.
Graph encoder_graph(const SamHq& model, const Weights& weights, const OnnxOptions& options);
Graph decoder_graph(SamHq model, const Weights& weights, const OnnxOptions& options);

}  // namespace hqsam::onnx
