// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

#include "hqsam/model/sam_hq.h"

namespace hqsam {

// The matrices of the image encoder that do not train, held in bfloat16 while steps run: autocast would round them so
// at every pass. Their float32 originals wait on the CPU and come back to the bit.
class FrozenWeights {
 public:
  // Of the parameters of model that require no gradients. They may change until the first to_bf16.
  explicit FrozenWeights(SamHq& model);

  void to_bf16();
  void to_fp32();

 private:
  struct Frozen {
    torch::Tensor parameter, original;  // the latter float32, on the CPU, from the first to_bf16 on
  };
  std::vector<Frozen> frozen_;
  torch::Device device_;
  bool bf16_ = false;
};

}  // namespace hqsam
