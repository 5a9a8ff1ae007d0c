// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hqsam/model/sam_hq.h"
#include "hqsam/predict/picture_session.h"
#include "hqsam/tensorfile/tensor_map.h"

namespace hqsam {

// A picture's embedding with what prompts and results need of the picture itself.
struct StoredEmbedding {
  Embedding embedding;
  std::string picture;  // its path
  int orientation = 1;  // EXIF's; the frame is that of the picture after it
  bool bf16 = false;    // the encoder's precision
};

// Embeddings of one model in files: safetensors with image_embeddings and early, the first early feature, and in the
// metadata the picture, the frame, the precision and a fingerprint of the encoder's weights. HQ modules may differ:
// they read what the file holds.
class EmbeddingFiles {
 public:
  // Reads all of the encoder's weights, which must be float32.
  explicit EmbeddingFiles(SamHq model);
  void write(const std::filesystem::path& path, const StoredEmbedding& stored) const;
  // On the model's device, in float32. Throws Error for a file that is no embedding, is damaged,
  // or was made by another encoder.
  StoredEmbedding read(const std::filesystem::path& path) const;

 private:
  StoredEmbedding stored_in(const TensorMap& map) const;

  SamHq model_;
  std::string encoder_;
};

// The parts that the training's FeatureCache shares.
// Of a tensor's numbers on the CPU, in hex.
std::string tensor_fingerprint(const torch::Tensor& tensor);
// Of the encoder's weights and options, and of `about`.
std::string encoder_fingerprint(const SamHq& model, const std::string& about);
// The embedding and the first early feature, to the bit and in their order in memory, on which the rounding of
// convolutions depends; then a checksum of the whole map.
void put_features(TensorMap& map, const ImageFeatures& features);
void seal(TensorMap& map);
bool is_whole(const TensorMap& map);  // sealed, and unchanged since
ImageFeatures take_features(const TensorMap& map, torch::Device device);

}  // namespace hqsam
