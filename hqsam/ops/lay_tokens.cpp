// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/lay_tokens.h"

#include "hqsam/ops/cpu_tile_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

using cpu::kLanes;

template <class T>
void lay(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position, ImageTokens& to) {
  const int64_t rows = dense.size(0), channels = dense.size(1), tokens = embeddings.size(1);
  const int64_t per_image = rows / embeddings.size(0), blocks = tokens / kLanes;
  const bool plain = dense.stride(3) == 0;
  in_parallel(rows * blocks, [&] {
    return [&](int64_t task) {
      const int64_t row = task / blocks, first = task % blocks * kLanes, at = (row * tokens + first) * channels;
      cpu::lay_tokens<KernelType<T>>(
          {.embedding = embeddings.const_data_ptr<float>() + (row / per_image * tokens + first) * channels,
           .position = position.const_data_ptr<float>() + first * channels,
           .dense = dense.const_data_ptr<float>() + row * dense.stride(0) + (plain ? 0 : first),
           .dense_stride = dense.stride(1),
           .dense_is_plain = plain,
           .channels = channels,
           .keys = as_kernel(to.keys.mutable_data_ptr<T>() + at),
           .placed = as_kernel(to.placed.mutable_data_ptr<T>() + at)});
    };
  });
}

}  // namespace

ImageTokens lay_tokens(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position,
                       torch::ScalarType type) {
  const bool plain = dense.stride(2) == 0 && dense.stride(3) == 0;
  const auto typed = dense.options().dtype(type);
  const auto sizes = {dense.size(0), embeddings.size(1), embeddings.size(2)};
  ImageTokens to{torch::empty(sizes, typed), torch::empty(sizes, typed)};
  const auto lay_typed = type == torch::kFloat ? lay<float> : lay<at::BFloat16>;
  lay_typed(embeddings.contiguous(), plain ? dense : dense.contiguous(), position.contiguous(), to);
  return to;
}

}  // namespace hqsam
