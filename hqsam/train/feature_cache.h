// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>

#include "hqsam/model/sam_hq.h"

namespace hqsam {

// What a frozen encoder makes of pictures, kept on disk and shared by runs, ranks and data sets. A file's place is a
// fingerprint of the encoder's weights, its input size, precision and kind of device, then one of the picture's pixels
// as they go into the model: another encoder or a changed picture is another file. A file that is damaged is warned of
// and made anew. Where nothing can be written, or the disk has less than 1 GiB left, a warning says so
// and the run goes on without.
class FeatureCache {
 public:
  // folder: made where it is missing; Error where that fails. The encoder's weights must be float32 now.
  FeatureCache(const std::filesystem::path& folder, const SamHq& model, bool bf16);

  // image [3,S,S] uint8 on the CPU -> the embedding [1,C,G,G] and the first early feature [1,G,G,vit_dim], on the
  // model's device: from disk, or encode()'s of this picture alone, which are then kept. A picture at a time, so that
  // its bits do not depend on which others went through the encoder with it.
  ImageFeatures get(const torch::Tensor& image, const std::function<ImageFeatures()>& encode);

  const std::filesystem::path& folder() const { return folder_; }  // of this encoder

 private:
  void keep(const std::filesystem::path& path, const ImageFeatures& features);

  std::filesystem::path folder_;
  torch::Device device_;
  bool writable_ = true;
};

}  // namespace hqsam
