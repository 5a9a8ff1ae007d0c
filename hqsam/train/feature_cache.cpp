// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/feature_cache.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "hqsam/core/error.h"
#include "hqsam/predict/embedding_file.h"

namespace hqsam {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersion = "hqsam.features 1";
constexpr std::uintmax_t kReserve = std::uintmax_t{1} << 30;  // bytes of the disk that are left to the run's own files

// Of all that the features depend on besides the picture.
std::string about_encoder(const SamHq& model, bool bf16) {
  return fmt::format("{} {} {} {}", kVersion, model->image_size(), bf16 ? "bf16" : "fp32",
                     c10::DeviceTypeName(model->device().type()));
}

// Nothing where there is no such file, or where it is not as it was written.
std::optional<TensorMap> read_whole(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  try {
    TensorMap map = read_safetensors(path);
    if (is_whole(map)) return map;
    spdlog::warn("{}: its checksum does not fit; the picture is encoded anew", path.string());
  } catch (const Error& error) {
    spdlog::warn("{}; the picture is encoded anew", error.what());
  }
  return std::nullopt;
}

}  // namespace

FeatureCache::FeatureCache(const fs::path& folder, const SamHq& model, bool bf16)
    : folder_(folder / encoder_fingerprint(model, about_encoder(model, bf16))), device_(model->device()) {
  std::error_code reason;
  fs::create_directories(folder_, reason);
  if (reason) fail("FeatureCache", "cannot make the folder {}: {}", folder_.string(), reason.message());
}

ImageFeatures FeatureCache::get(const torch::Tensor& image, const std::function<ImageFeatures()>& encode) {
  const torch::NoGradGuard no_grad;
  const fs::path path = folder_ / (tensor_fingerprint(image) + ".safetensors");
  if (const auto map = read_whole(path)) return take_features(*map, device_);
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
  put_features(map, features);
  seal(map);
  try {
    write_safetensors(path, map);
  } catch (const Error& error) {
    writable_ = false;
    spdlog::warn("no more features are kept: {}", error.what());
  }
}

}  // namespace hqsam
