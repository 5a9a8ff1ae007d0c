// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hqsam/tensorfile/file_contents.h"

namespace hqsam {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// A state dict: named tensors in file order, with a file's string metadata.
struct TensorMap {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;

  const torch::Tensor* find(const std::string& name) const;  // null where missing
  const torch::Tensor& at(const std::string& name) const;    // throws Error naming the nearest key
  void set(const std::string& name, torch::Tensor tensor);   // replaces or appends
  std::vector<std::string> names() const;
};

// The three read functions read the storages of the tensors that are taken, each once, and tensors that share one in
// the file share it in memory. What becomes of the file later changes nothing; where it changes while it is read, that
// is an Error. Every offset, size and type is checked first, and anything wrong throws Error with the path in it.

// .safetensors (https://github.com/huggingface/safetensors#format).
TensorMap read_safetensors(const std::filesystem::path& path);
// Tensors of any layout of strides and any device; doubled names and dtypes that the format lacks throw
// Error. So for write_pth.
void write_safetensors(const std::filesystem::path& path, const TensorMap& map);

// PyTorch's .pth: the zip archive (1.6 and later) and the legacy pickles before it. The pickle is read by an
// allow-list: tensors, parameters, dicts, OrderedDicts, lists, tuples, numbers, strings. Any other Python object in it
// is passed over and never run. Tensors of nested dicts have dotted names; wrappers around all of them are left out
// (take_all in file_contents.h). A file without tensors is an Error saying what is in it. Strides are kept.
TensorMap read_pth(const std::filesystem::path& path);
// A flat OrderedDict of tensors that torch.load(weights_only=True) reads. metadata is kept in a zip
// record of its own, "hqsam/metadata.json", which PyTorch ignores and read_pth brings back. A map
// without tensors is an Error.
void write_pth(const std::filesystem::path& path, const TensorMap& map);

// Either of the two, recognised by content, not by name.
TensorMap read_tensors(const std::filesystem::path& path);
// The same, of the tensors that `take` takes alone; nothing of the others is read.
TensorMap read_tensors(const std::filesystem::path& path, const TakeTensors& take);

}  // namespace hqsam
