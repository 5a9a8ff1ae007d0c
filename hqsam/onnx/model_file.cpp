// SPDX-License-Identifier: Apache-2.0
#include "hqsam/onnx/model_file.h"

#include <google/protobuf/io/coded_stream.h>

#include <bit>

#include "hqsam/onnx/export.h"

namespace hqsam::onnx {
namespace {

namespace fs = std::filesystem;
using google::protobuf::io::CodedOutputStream;

constexpr int64_t kIrVersion = 8;             // the one of opset 17
constexpr uint64_t kAlignment = 4096;         // bytes, of weights outside: runtimes map them
constexpr uint64_t kSmallestExternal = 1024;  // bytes; what is smaller stays inside
static_assert(std::endian::native == std::endian::little, "ONNX stores little-endian numbers");

uint64_t bytes_of(const Initializer& initializer) {
  return static_cast<uint64_t>(initializer.tensor.numel()) * torch::elementSize(torch_type(initializer.type));
}

// The protobuf header of a field of bytes. Writing the frame by hand avoids the copies of the weights that protobuf's
// objects and serializer would make.
std::string field_start(int number, uint64_t length) {
  constexpr uint32_t kBytes = 2;
  uint8_t buffer[16];
  uint8_t* end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(number) << 3 | kBytes, buffer);
  end = CodedOutputStream::WriteVarint64ToArray(length, end);
  return {buffer, end};
}

// An initializer, in the file's order, and the bytes before its numbers.
struct Part {
  const Initializer* initializer;
  std::string start;  // the tensor's other fields, and the start of its numbers where they are inside
  bool outside;
};

::onnx::TensorProto tensor_proto(const Initializer& initializer) {
  ::onnx::TensorProto proto;
  proto.set_name(initializer.name);
  proto.set_data_type(onnx_type(initializer.type));
  for (const int64_t size : initializer.tensor.sizes()) proto.add_dims(size);
  return proto;
}

void set_location(::onnx::TensorProto& proto, const std::string& file, uint64_t offset, uint64_t length) {
  proto.set_data_location(::onnx::TensorProto::EXTERNAL);
  const auto entry = [&](const char* key, const std::string& value) {
    auto& added = *proto.add_external_data();
    added.set_key(key);
    added.set_value(value);
  };
  entry("location", file);
  entry("offset", std::to_string(offset));
  entry("length", std::to_string(length));
}

uint64_t aligned(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

std::vector<Part> lay_out(const Graph& graph, bool external, const std::string& data_name) {
  std::vector<Part> parts;
  uint64_t offset = 0;
  for (const Initializer& initializer : graph.initializers()) {
    auto proto = tensor_proto(initializer);
    const uint64_t length = bytes_of(initializer);
    const bool outside = external && length >= kSmallestExternal && initializer.type != Type::kInt64;
    if (outside) {
      set_location(proto, data_name, offset, length);
      offset = aligned(offset + length);
    }
    std::string start = proto.SerializeAsString();
    if (!outside) start += field_start(::onnx::TensorProto::kRawDataFieldNumber, length);
    parts.push_back({&initializer, std::move(start), outside});
  }
  return parts;
}

void write_numbers(AtomicFile& file, const Initializer& initializer) {
  const auto numbers = initializer.tensor.to(torch_type(initializer.type)).contiguous();
  file.write(numbers.data_ptr(), bytes_of(initializer));
}

std::string model_start(const std::map<std::string, std::string>& metadata) {
  ::onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("hqsam");
  auto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOnnxOpset);
  for (const auto& [key, value] : metadata) {
    auto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return model.SerializeAsString();
}

void write_data(AtomicFile& file, const std::vector<Part>& parts) {
  const std::string zeros(kAlignment, '\0');
  for (const Part& part : parts) {
    if (!part.outside) continue;
    write_numbers(file, *part.initializer);
    const uint64_t length = bytes_of(*part.initializer);
    file.write(zeros.data(), aligned(length) - length);
  }
}

void write_model(AtomicFile& file, const Graph& graph, const std::vector<Part>& parts,
                 const std::map<std::string, std::string>& metadata) {
  const std::string nodes = graph.proto().SerializeAsString();
  const auto tensor_size = [](const Part& part) {
    return part.start.size() + (part.outside ? 0 : bytes_of(*part.initializer));
  };
  const auto start_of = [&](const Part& part) {
    return field_start(::onnx::GraphProto::kInitializerFieldNumber, tensor_size(part));
  };
  uint64_t length = nodes.size();
  for (const Part& part : parts) length += start_of(part).size() + tensor_size(part);

  file.write(model_start(metadata));
  file.write(field_start(::onnx::ModelProto::kGraphFieldNumber, length));
  file.write(nodes);
  for (const Part& part : parts) {
    file.write(start_of(part));
    file.write(part.start);
    if (!part.outside) write_numbers(file, *part.initializer);
  }
}

fs::path with_data(fs::path path) { return path += ".data"; }

}  // namespace

ModelFile::ModelFile(const fs::path& path, const Graph& graph, const std::map<std::string, std::string>& metadata,
                     int64_t external_above)
    : path_(path), data_path_(with_data(path)), file_(path) {
  uint64_t total = 0;
  for (const Initializer& initializer : graph.initializers()) total += bytes_of(initializer);
  const auto parts = lay_out(graph, total > static_cast<uint64_t>(external_above), data_path_.filename().string());
  for (const Part& part : parts) {
    if (part.outside && !data_) data_.emplace(data_path_);
  }
  if (data_) write_data(*data_, parts);
  write_model(file_, graph, parts, metadata);
}

void ModelFile::commit() {
  std::error_code ignored;  // commit() reports what prevents the write
  if (data_) {
    fs::remove(path_, ignored);  // a graph of an earlier export must not be used with these weights
    data_->commit();
  }
  file_.commit();
  if (!data_) fs::remove(data_path_, ignored);
}

}  // namespace hqsam::onnx
