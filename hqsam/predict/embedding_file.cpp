// SPDX-License-Identifier: Apache-2.0
#include "hqsam/predict/embedding_file.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "hqsam/core/error.h"
#include "hqsam/core/text.h"
#include "hqsam/model/dialect.h"
#include "hqsam/predict/stated_prompt.h"

namespace hqsam {
namespace {

constexpr const char* kVersion = "hqsam.embedding 1";
constexpr const char* kEmbedding = "image_embeddings";
constexpr const char* kEarly = "early";
constexpr const char* kChecksum = "hqsam.checksum";
constexpr const char* kRead = "EmbeddingFiles::read";

std::string hex(uint64_t number) { return fmt::format("{:016x}", number); }

// A checksum of tensors and metadata, without the checksum entry itself.
std::string checksum(const TensorMap& map) {
  std::string parts;
  for (const auto& [name, tensor] : map.tensors) {
    parts += fmt::format("{} {} {} {}\n", name, fmt::join(tensor.sizes(), "x"), toString(tensor.scalar_type()),
                         tensor_fingerprint(tensor));
  }
  for (const auto& [name, text] : map.metadata) {
    if (name != kChecksum) parts += fmt::format("{} {}\n", name, text);
  }
  return hex(fingerprint(parts));
}

// A tensor is written with its dimensions in memory order, which the metadata records, and read back in its original
// order.
void put(TensorMap& map, const char* name, const torch::Tensor& tensor) {
  std::vector<int64_t> order(tensor.dim());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return tensor.stride(a) > tensor.stride(b); });
  map.set(name, tensor.permute(order).cpu().contiguous());
  map.metadata[name] = fmt::format("{}", fmt::join(order, ""));
}

torch::Tensor take(const TensorMap& map, const char* name, torch::Device device) {
  const auto order = map.metadata.find(name);
  const torch::Tensor& tensor = map.at(name);
  std::vector<int64_t> back(tensor.dim(), -1);
  for (size_t i = 0; order != map.metadata.end() && i < std::min(back.size(), order->second.size()); ++i) {
    const auto at = static_cast<size_t>(order->second[i] - '0');
    if (at < back.size()) back[at] = static_cast<int64_t>(i);
  }
  if (std::count(back.begin(), back.end(), -1) > 0) fail("take_features", "the order of {}'s dimensions is lost", name);
  return tensor.to(device).permute(back);
}

// Parses "480x640", height first; 0x0 if the text is not a size.
Size size_of(const std::string& text) {
  Size size;
  const char* end = text.data() + text.size();
  const auto height = std::from_chars(text.data(), end, size.height);
  if (height.ptr == end || std::from_chars(height.ptr + 1, end, size.width).ptr != end) size = {};
  return size;
}

const std::string& text_at(const TensorMap& map, const std::string& key) {
  const auto found = map.metadata.find(key);
  if (found == map.metadata.end()) fail(kRead, "it is not a picture's embedding: its metadata lack '{}'", key);
  return found->second;
}

InputFrame frame_of(const TensorMap& map, int64_t side) {
  const Size size = size_of(text_at(map, "image_size"));
  if (size.height < 1 || size.width < 1) fail(kRead, "its image_size is none");
  return input_frame(size, choose(text_at(map, "protocol"), kProtocols, kRead, "its protocol"), side);
}

int orientation_of(const TensorMap& map) {
  const std::string& text = text_at(map, "orientation");
  if (text.size() != 1 || text < "1" || text > "8") fail(kRead, "its orientation is not one of EXIF's");
  return text.front() - '0';
}

void check_shapes(const ImageFeatures& features, const SamHqOptions& options) {
  const int64_t grid = options.prompt_encoder.grid, dim = options.prompt_encoder.embed_dim;
  const auto& early = features.interm_embeddings.front();
  const bool fits = features.image_embeddings.sizes() == torch::IntArrayRef({1, dim, grid, grid}) && early.dim() == 4 &&
                    early.size(0) == 1;
  if (!fits) fail(kRead, "its tensors have other shapes than this model's");
}

}  // namespace

std::string tensor_fingerprint(const torch::Tensor& tensor) {
  const auto numbers = tensor.contiguous();
  return hex(fingerprint({static_cast<const char*>(numbers.const_data_ptr()), numbers.nbytes()}));
}

std::string encoder_fingerprint(const SamHq& model, const std::string& about) {
  std::string parts = about + "\n";
  SamHqOptions options = model->options();
  options.mask_decoder = {};
  for (const auto& [name, text] : options_metadata(options)) parts += text + "\n";
  for (const auto& [key, tensor] : named_tensors(model)) {
    if (!key.starts_with("image_encoder.")) continue;
    parts += fmt::format("{} {} {}\n", key, fmt::join(tensor.sizes(), "x"), tensor_fingerprint(tensor.detach().cpu()));
  }
  return hex(fingerprint(parts));
}

void put_features(TensorMap& map, const ImageFeatures& features) {
  put(map, kEmbedding, features.image_embeddings);
  put(map, kEarly, features.interm_embeddings.front());
}

ImageFeatures take_features(const TensorMap& map, torch::Device device) {
  return {take(map, kEmbedding, device), {take(map, kEarly, device)}};
}

void seal(TensorMap& map) { map.metadata[kChecksum] = checksum(map); }

bool is_whole(const TensorMap& map) {
  const auto sum = map.metadata.find(kChecksum);
  return sum != map.metadata.end() && sum->second == checksum(map);
}

EmbeddingFiles::EmbeddingFiles(SamHq model)
    : model_(std::move(model)),
      encoder_(encoder_fingerprint(model_, fmt::format("{} {}", kVersion, model_->image_size()))) {}

void EmbeddingFiles::write(const std::filesystem::path& path, const StoredEmbedding& stored) const {
  const InputFrame& frame = stored.embedding.frame;
  TensorMap map;
  put_features(map, stored.embedding.features);
  map.metadata["format"] = kVersion;
  map.metadata["encoder"] = encoder_;
  map.metadata["precision"] = stored.bf16 ? "bf16" : "fp32";
  map.metadata["picture"] = stored.picture;
  map.metadata["orientation"] = std::to_string(stored.orientation);
  map.metadata["image_size"] = fmt::format("{}x{}", frame.image_size.height, frame.image_size.width);
  map.metadata["protocol"] = word_of(frame.protocol, kProtocols);
  seal(map);
  write_safetensors(path, map);
}

StoredEmbedding EmbeddingFiles::read(const std::filesystem::path& path) const {
  const TensorMap map = read_safetensors(path);
  try {
    return stored_in(map);
  } catch (const Error& error) {
    fail(kRead, "{}: {}", path.string(), reason_of(error.what()));
  }
}

StoredEmbedding EmbeddingFiles::stored_in(const TensorMap& map) const {
  const std::string& format = text_at(map, "format");
  if (format != kVersion) fail(kRead, "it is '{}', this hqsam reads '{}'", shown_short(format), kVersion);
  if (!is_whole(map)) fail(kRead, "its checksum does not fit: it is damaged");
  if (text_at(map, "encoder") != encoder_) {
    fail(kRead, "it was made by another encoder (other weights or another input size): encode the picture anew");
  }
  StoredEmbedding stored;
  stored.picture = text_at(map, "picture");
  stored.orientation = orientation_of(map);
  stored.bf16 = text_at(map, "precision") == "bf16";
  stored.embedding.frame = frame_of(map, model_->image_size());
  ImageFeatures& features = stored.embedding.features;
  features = take_features(map, model_->device());
  check_shapes(features, model_->options());
  features.image_embeddings = features.image_embeddings.to(torch::kFloat32);
  features.interm_embeddings.front() = features.interm_embeddings.front().to(torch::kFloat32);
  return stored;
}

}  // namespace hqsam
