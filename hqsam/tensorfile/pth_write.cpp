// SPDX-License-Identifier: Apache-2.0
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/tensorfile/pth_index.h"
#include "hqsam/tensorfile/tensor_bytes.h"
#include "hqsam/tensorfile/tensor_map.h"
#include "hqsam/tensorfile/zip_writer.h"

namespace hqsam {
namespace {

constexpr const char* kFunction = "write_pth";
constexpr const char* kFolder = "archive/";  // what torch.save uses where it knows no file name

// Appends the operations that torch.save uses, of pickle protocol 2. Nothing is shared within our
// pickles, so no memo is kept.
class PickleWriter {
 public:
  void op(char code) { pickle_ += code; }

  void global(std::string_view module, std::string_view name) {
    pickle_.append("c").append(module).append("\n").append(name).append("\n");
  }

  void text(std::string_view value) {
    op('X');
    number(static_cast<uint32_t>(value.size()));
    pickle_ += value;
  }

  void integer(int64_t value) {
    if (value == static_cast<int32_t>(value)) {
      op('J');
      number(static_cast<int32_t>(value));
    } else {
      op('\x8a');
      op('\x08');
      number(value);
    }
  }

  void tuple(torch::IntArrayRef values) {
    op('(');
    for (const int64_t value : values) integer(value);
    op('t');
  }

  void ordered_dict() {
    global("collections", "OrderedDict");
    pickle_ += ")R";
  }

  std::string take() { return std::move(pickle_); }

 private:
  template <class Number>
  void number(Number value) {
    pickle_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string pickle_ = "\x80\x02";
};

// _rebuild_tensor_v2(storage, 0, sizes, strides, False, OrderedDict()), the storage being a persistent
// id ('storage', type, key, 'cpu', elements).
void write_tensor(PickleWriter& pickle, const std::string& key, DType dtype, const torch::Tensor& tensor) {
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.op('(');
  pickle.op('(');
  pickle.text("storage");
  pickle.global("torch", info(dtype).torch_storage);
  pickle.text(key);
  pickle.text("cpu");
  pickle.integer(tensor.numel());
  pickle.op('t');
  pickle.op('Q');
  pickle.integer(0);
  pickle.tuple(tensor.sizes());
  pickle.tuple(contiguous_strides(tensor.sizes()));
  pickle.op('\x89');
  pickle.ordered_dict();
  pickle.op('t');
  pickle.op('R');
}

std::string make_pickle(const TensorMap& map) {
  PickleWriter pickle;
  pickle.ordered_dict();
  pickle.op('(');
  for (size_t i = 0; i < map.tensors.size(); ++i) {
    const auto& [name, tensor] = map.tensors[i];
    pickle.text(name);
    write_tensor(pickle, std::to_string(i), dtype_of(kFunction, name, tensor), tensor);
  }
  pickle.op('u');
  pickle.op('.');
  return pickle.take();
}

}  // namespace

void write_pth(const std::filesystem::path& path, const TensorMap& map) {
  if (map.tensors.empty()) fail(kFunction, "no tensors to write to {}", path.string());
  check_writable(kFunction, map);
  const std::string folder = kFolder;
  AtomicFile file(path);
  ZipWriter zip(file);
  zip.add(folder + "data.pkl", make_pickle(map));
  zip.add(folder + "byteorder", std::string_view("little"));
  for (size_t i = 0; i < map.tensors.size(); ++i) {
    const torch::Tensor plain = plain_on_cpu(map.tensors[i].second);
    zip.add(folder + "data/" + std::to_string(i), bytes_of(plain));
  }
  zip.add(folder + "version", std::string_view("3\n"));
  if (!map.metadata.empty()) {
    zip.add(folder + std::string(kPthMetadataRecord), nlohmann::json(map.metadata).dump());
  }
  zip.finish();
  file.commit();
}

}  // namespace hqsam
