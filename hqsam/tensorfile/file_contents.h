// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace hqsam {

// What a weights file holds, by name, for whoever takes tensors from it.
struct FileContents {
  // Something in the file that is no tensor and no plain value: of a Python class or function that is never run.
  struct Object {
    std::string name;  // as of a tensor; "" where it is all there is
    std::string type;  // "argparse.Namespace"
  };
  // Names; those within dicts, lists and tuples have dots, "model.blocks.0.weight". The outermost come first.
  std::vector<std::string> tensors;
  std::vector<Object> objects;  // at most kMaxObjects
  std::string summary;          // of the file's outermost value, for messages: "a dict of model, args, epoch"

  static constexpr size_t kMaxObjects = 10'000;
};

// A tensor that is taken.
struct TakenTensor {
  size_t index = 0;  // in FileContents::tensors
  std::string name;  // what it is called from now on
};

// Which tensors are taken, and under which names. Throws Error where they are not what was expected.
using TakeTensors = std::function<std::vector<TakenTensor>(const FileContents&)>;

// All of them. The outer dicts model, state_dict and model_state_dict and DistributedDataParallel's "module." are left
// out of the names where all tensors lie in them. Throws Error where there are none.
std::vector<TakenTensor> take_all(const FileContents& contents);

// The Error of a file without a tensor to take, saying what is in it.
[[noreturn]] void fail_without_tensors(const FileContents& contents);

}  // namespace hqsam
