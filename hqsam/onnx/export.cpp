// SPDX-License-Identifier: Apache-2.0
#include "hqsam/onnx/export.h"

#include "hqsam/core/error.h"
#include "hqsam/onnx/graphs.h"
#include "hqsam/onnx/model_file.h"

namespace hqsam {
namespace {

constexpr int64_t kProtobufLimit = 2'000'000'000;  // bytes, with room for the nodes below 2 GiB

OnnxTensor tensor_for_people(const ::onnx::ValueInfoProto& value) {
  const auto& tensor = value.type().tensor_type();
  std::vector<std::string> dims;
  for (const auto& dim : tensor.shape().dim()) {
    dims.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value()) : dim.dim_param());
  }
  const bool whole = tensor.elem_type() == ::onnx::TensorProto::INT64;
  return {value.name(), whole ? "int64" : "float", fmt::format("[{}]", fmt::join(dims, ","))};
}

OnnxFile file_for_people(const std::filesystem::path& path, const onnx::Graph& graph) {
  OnnxFile file{path, {}, {}};
  for (const auto& input : graph.proto().input()) file.inputs.push_back(tensor_for_people(input));
  for (const auto& output : graph.proto().output()) file.outputs.push_back(tensor_for_people(output));
  return file;
}

}  // namespace

void OnnxOptions::validate() const {
  if (external_above < 0 || external_above > kProtobufLimit) {
    fail("OnnxOptions", "external_above must be 0 to {} bytes, got {}", kProtobufLimit, external_above);
  }
}

std::vector<OnnxFile> export_onnx(const SamHq& model, const std::filesystem::path& folder, const OnnxOptions& options) {
  if (model.is_empty()) fail("export_onnx", "got no model; load one with load_sam_hq");
  options.validate();
  if (options.masks != MaskKind::kSam && !model->has_hq()) {
    fail("export_onnx", "this model has no HQ modules; ask for SAM's masks (sam) or load an HQ-SAM checkpoint");
  }
  if (options.masks != MaskKind::kSam && model->options().mask_decoder.hq != HqOptions()) {
    fail("export_onnx", "the graphs are HQ-SAM's, this model's HQ modules are {}: ask for SAM's masks (sam)",
         to_json(model->options().mask_decoder.hq));
  }
  if (options.masks != MaskKind::kSam && model->options().mask_decoder.like_transformers) {
    fail("export_onnx",
         "this model makes masks as transformers' SamHQModel does, the graphs as SysCV's code: load it with "
         "LoadOptions::weights_alone");
  }
  torch::NoGradGuard no_grad;
  const onnx::Weights weights(model);
  const auto encoder = onnx::encoder_graph(model, weights, options);
  const auto decoder = onnx::decoder_graph(model, weights, options);

  std::error_code reason;
  std::filesystem::create_directories(folder, reason);
  if (reason) fail("export_onnx", "cannot make the folder {}: {}", folder.string(), reason.message());
  const std::map<std::string, std::string> metadata = {
      {"hqsam.architecture", variant_name(model->options())},
      {"hqsam.image_size", std::to_string(model->image_size())},
      {"hqsam.masks", to_string(options.masks)},
      {"hqsam.multimask", to_string(options.multimask)},
      {"hqsam.dtype", options.dtype == OnnxDtype::kFp16 ? "fp16" : "fp32"}};
  onnx::ModelFile encoder_file(folder / "encoder.onnx", encoder, metadata, options.external_above);
  onnx::ModelFile decoder_file(folder / "decoder.onnx", decoder, metadata, options.external_above);
  if (const auto old = folder / "decoder.onnx"; std::filesystem::is_regular_file(old)) {
    std::filesystem::remove(old, reason);  // it must not lie beside another export's encoder
  }
  encoder_file.commit();
  decoder_file.commit();
  return {file_for_people(folder / "encoder.onnx", encoder), file_for_people(folder / "decoder.onnx", decoder)};
}

}  // namespace hqsam
