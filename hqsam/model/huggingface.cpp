// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/huggingface.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "hqsam/core/bounded_json.h"
#include "hqsam/core/error.h"
#include "hqsam/core/file.h"
#include "hqsam/core/temporaries.h"
#include "hqsam/model/architecture.h"
#include "hqsam/model/foreign_parts.h"
#include "hqsam/model/huggingface_config.h"
#include "hqsam/model/huggingface_keys.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kRead = "read_huggingface";
constexpr const char* kWrite = "write_huggingface";
constexpr const char *kConfig = "config.json", *kPreprocessor = "preprocessor_config.json";
constexpr const char *kWeights = "model.safetensors", *kIndex = "model.safetensors.index.json";

Json read_json(const fs::path& path) { return parse_json_object(kRead, path.string(), read_file(path)); }

std::map<std::string, std::string> weight_map(const fs::path& index) {
  return huggingface_weight_map(read_json(index), index.string());
}

TensorMap read_shards(const fs::path& index) {
  std::map<std::string, TensorMap> shards;
  TensorMap all;
  for (const auto& [key, file] : weight_map(index)) {
    const fs::path path = index.parent_path() / file;
    if (!fs::exists(path)) fail(kRead, "{} names {}, which is not there: fetch the folder again", index.string(), file);
    if (!shards.contains(file)) shards[file] = read_tensors(path);
    const torch::Tensor* tensor = shards[file].find(key);
    if (tensor == nullptr) fail(kRead, "{} says that {} holds '{}', but it does not", index.string(), file, key);
    all.tensors.emplace_back(key, *tensor);
  }
  return all;
}

TensorMap read_weights(const fs::path& folder) {
  for (const char* name : {kWeights, "pytorch_model.bin"}) {
    const fs::path file = folder / name, index = folder / (std::string(name) + ".index.json");
    if (fs::exists(file)) return read_tensors(file);
    if (fs::exists(index)) return read_shards(index);
  }
  if (fs::exists(folder / "adapter_config.json")) {
    fail(kRead, "{} holds low-rank terms (LoRA) of PEFT alone: merge them, model.merge_and_unload() in Python, first",
         folder.string());
  }
  fail(kRead, "{} has neither {} nor {} nor pytorch_model.bin: fetch the folder again", folder.string(), kWeights,
       kIndex);
}

std::string dtype_name(const TensorMap& map) {
  switch (map.tensors.front().second.scalar_type()) {
    case torch::kFloat16:
      return "float16";
    case torch::kBFloat16:
      return "bfloat16";
    default:
      return "float32";
  }
}

int64_t bytes_of(const torch::Tensor& tensor) { return static_cast<int64_t>(tensor.nbytes()); }

std::vector<TensorMap> split(const TensorMap& map, int64_t shard_bytes) {
  std::vector<TensorMap> shards(1);
  int64_t filled = 0;
  for (const auto& [name, tensor] : map.tensors) {
    if (filled > 0 && filled + bytes_of(tensor) > shard_bytes) {
      shards.emplace_back();
      filled = 0;
    }
    shards.back().tensors.emplace_back(name, tensor);
    filled += bytes_of(tensor);
  }
  for (TensorMap& shard : shards) shard.metadata["format"] = "pt";  // transformers requires it
  return shards;
}

void write_json(const fs::path& path, const nlohmann::ordered_json& json) { write_file(path, json.dump(2) + "\n"); }

// A folder beside its final place; it is removed, also by a signal, unless it is moved there.
class FolderInTheMaking {
 public:
  explicit FolderInTheMaking(const fs::path& target) : target_(target) {
    making_ = target_;
    making_ += fmt::format(".{}.tmp", ::getpid());
    fs::remove_all(making_);  // left over from a killed process
    note(making_);
    fs::create_directories(making_);
  }
  ~FolderInTheMaking() {
    std::error_code ignored;
    fs::remove_all(making_, ignored);
    for (const fs::path& path : noted_) forget_temporary(path.c_str());
  }
  FolderInTheMaking(const FolderInTheMaking&) = delete;
  FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

  // The path to write this file to.
  fs::path file(const std::string& name) {
    note(making_ / name);
    return making_ / name;
  }
  void finish() { fs::rename(making_, target_); }

 private:
  void note(const fs::path& path) {
    note_temporary(path.c_str());
    noted_.push_back(path);
  }

  fs::path target_, making_;
  std::vector<fs::path> noted_;
};

void write_weights(FolderInTheMaking& folder, const TensorMap& map, int64_t shard_bytes) {
  const std::vector<TensorMap> shards = split(map, shard_bytes);
  if (shards.size() == 1) return write_safetensors(folder.file(kWeights), shards.front());
  nlohmann::ordered_json files = nlohmann::ordered_json::object();
  int64_t total = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    const std::string file = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    write_safetensors(folder.file(file), shards[i]);
    for (const auto& [name, tensor] : shards[i].tensors) {
      files[name] = file;
      total += bytes_of(tensor);
    }
  }
  write_json(folder.file(kIndex), {{"metadata", {{"total_size", total}}}, {"weight_map", files}});
}

}  // namespace

HuggingFaceModel read_huggingface(const fs::path& folder) {
  const fs::path config = folder / kConfig;
  if (fs::exists(folder / "data.pkl")) {
    fail(kRead, "{0} is an unpacked .pth: pack it again without compression, (cd {0}/.. && zip -0 -r {1}.pth {1})",
         folder.string(), folder.filename().string());
  }
  if (!fs::exists(config)) {
    fail(kRead, "{} has no config.json, so it is not a folder of Hugging Face transformers", folder.string());
  }
  try {
    return read_huggingface(read_weights(folder), folder);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.find(folder.string()) != std::string::npos) throw;
    throw Error(fmt::format("{} (in {})", message, folder.string()));
  }
}

HuggingFaceModel read_huggingface(const TensorMap& weights, const fs::path& folder) {
  check_parts(weights.names());
  HuggingFaceModel model;
  model.tensors = with_sam_keys(weights);
  model.options = architecture_of(model.tensors);
  if (folder.empty()) {
    apply_huggingface_defaults(model.options);
    return model;
  }
  const fs::path preprocessor = folder / kPreprocessor;
  apply_huggingface_config(read_json(folder / kConfig), model.options);
  if (fs::exists(preprocessor)) apply_huggingface_preprocessor(read_json(preprocessor), model.options);
  return model;
}

bool is_huggingface_shard(const fs::path& file) {
  const fs::path folder = fs::absolute(file).parent_path();
  for (const char* name : {kIndex, "pytorch_model.bin.index.json"}) {
    if (!fs::exists(folder / name)) continue;
    for (const auto& [key, shard] : weight_map(folder / name)) {
      if (shard == file.filename()) return true;
    }
  }
  return false;
}

void write_huggingface(const fs::path& folder, const SamHqOptions& options, const TensorMap& tensors,
                       int64_t shard_bytes) {
  if (tensors.tensors.empty()) fail(kWrite, "got no tensors");
  const fs::path target = folder.has_filename() ? folder : folder.parent_path();  // without a slash at the end
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
    fail(kWrite, "{} exists already: remove it, or name another folder", target.string());
  }
  const nlohmann::ordered_json config = huggingface_config(options, dtype_name(tensors));
  try {
    FolderInTheMaking making(target);
    write_json(making.file(kConfig), config);
    write_json(making.file(kPreprocessor), huggingface_preprocessor(options));
    write_weights(making, with_huggingface_keys(tensors), shard_bytes);
    making.finish();
  } catch (const fs::filesystem_error& error) {
    fail(kWrite, "cannot write {}: {}", target.string(), error.code().message());
  }
}

}  // namespace hqsam
