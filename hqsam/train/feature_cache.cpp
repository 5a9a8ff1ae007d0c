// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/feature_cache.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/dialect.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersion = "hqsam.features 1";
constexpr std::uintmax_t kReserve = std::uintmax_t{1} << 30;  // bytes of the disk that are left to the run's own files
constexpr const char* kEmbedding = "image_embeddings";
constexpr const char* kEarly = "early";
constexpr const char* kChecksum = "hqsam.checksum";

std::string_view bytes_of(const torch::Tensor& contiguous) {
  return {static_cast<const char*>(contiguous.const_data_ptr()), contiguous.nbytes()};
}

std::string hex(uint64_t number) { return fmt::format("{:016x}", number); }

// Of all that the features depend on besides the picture.
std::string encoder_fingerprint(const SamHq& model, bool bf16) {
  std::string parts = fmt::format("{} {} {} {}\n", kVersion, model->image_size(), bf16 ? "bf16" : "fp32",
                                  c10::DeviceTypeName(model->device().type()));
  SamHqOptions options = model->options();
  options.mask_decoder = {};
  for (const auto& [name, text] : options_metadata(options)) parts += text + "\n";
  for (const auto& [key, tensor] : named_tensors(model)) {
    if (!key.starts_with("image_encoder.")) continue;
    parts += fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"),
                         hex(fingerprint(bytes_of(tensor.detach().cpu().contiguous()))));
  }
  return hex(fingerprint(parts));
}

// Over tensors and metadata, but for the sum itself.
std::string checksum(const TensorMap& map) {
  std::string parts;
  for (const auto& [name, tensor] : map.tensors) {
    parts += fmt::format("{} {} {} {}\n", name, fmt::join(tensor.sizes(), "x"), toString(tensor.scalar_type()),
                         hex(fingerprint(bytes_of(tensor.contiguous()))));
  }
  for (const auto& [name, text] : map.metadata) {
    if (name != kChecksum) parts += fmt::format("{} {}\n", name, text);
  }
  return hex(fingerprint(parts));
}

// Convolutions round differently for another order of the numbers in memory, so it is kept too: the tensor goes in with
// its dimensions in that order, which stands in the metadata, and comes back in its own.
void put(TensorMap& map, const char* name, const torch::Tensor& tensor) {
  std::vector<int64_t> order(tensor.dim());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return tensor.stride(a) > tensor.stride(b); });
  map.set(name, tensor.permute(order).cpu().contiguous());
  map.metadata[name] = fmt::format("{}", fmt::join(order, ""));
}

torch::Tensor take(const TensorMap& map, const char* name, torch::Device device) {
  const std::string& order = map.metadata.at(name);
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); ++i) back.at(order[i] - '0') = static_cast<int64_t>(i);
  return map.at(name).to(device).permute(back);
}

// Nothing where there is no such file, or where it is not as it was written.
std::optional<TensorMap> read_whole(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    TensorMap map = read_safetensors(path);
    const auto sum = map.metadata.find(kChecksum);
    if (sum != map.metadata.end() && sum->second == checksum(map)) return map;
    spdlog::warn("{}: its checksum does not fit; the picture is encoded anew", path.string());
  } catch (const Error& error) {
    spdlog::warn("{}; the picture is encoded anew", error.what());
  }
  return std::nullopt;
}

}  // namespace

FeatureCache::FeatureCache(const fs::path& folder, const SamHq& model, bool bf16)
    : folder_(folder / encoder_fingerprint(model, bf16)), device_(model->device()) {
  std::error_code reason;
  fs::create_directories(folder_, reason);
  if (reason) fail("FeatureCache", "cannot make the folder {}: {}", folder_.string(), reason.message());
}

ImageFeatures FeatureCache::get(const torch::Tensor& image, const std::function<ImageFeatures()>& encode) {
  const torch::NoGradGuard no_grad;
  const fs::path path = folder_ / (hex(fingerprint(bytes_of(image.contiguous()))) + ".safetensors");
  if (const auto map = read_whole(path)) return {take(*map, kEmbedding, device_), {take(*map, kEarly, device_)}};
  ImageFeatures features = encode();
  features.interm_embeddings.resize(1);
  if (writable_) keep(path, features);
  return features;
}

void FeatureCache::keep(const fs::path& path, const ImageFeatures& features) {
  std::error_code unknown;
  if (const auto space = fs::space(folder_, unknown); !unknown && space.available < kReserve) {
    writable_ = false;
    spdlog::warn("no more features are kept: the disk of {} has less than 1 GiB left", folder_.string());
    return;
  }
  TensorMap map;
  put(map, kEmbedding, features.image_embeddings);
  put(map, kEarly, features.interm_embeddings.front());
  map.metadata[kChecksum] = checksum(map);
  try {
    write_safetensors(path, map);
  } catch (const Error& error) {
    writable_ = false;
    spdlog::warn("no more features are kept: {}", error.what());
  }
}

}  // namespace hqsam
