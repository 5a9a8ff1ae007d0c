// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/lay_tokens.h"

#include "hqsam/ops/cpu_decoder_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

using cpu::kLanes;

template <class T>
void lay(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position, LaidTokens& to) {
  const int64_t rows = dense.size(0), channels = dense.size(1), tokens = dense.size(2) * dense.size(3);
  const int64_t per_image = rows / embeddings.size(0), blocks = tokens / kLanes;
  const bool plain = dense.stride(3) == 0;  // one number a channel
  in_parallel(rows * blocks, [&] {
    return [&](int64_t task) {
      const int64_t row = task / blocks, first = task % blocks * kLanes, at = (row * tokens + first) * channels;
      cpu::lay_tokens<KernelType<T>>(
          {.embedding = embeddings.const_data_ptr<float>() + row / per_image * channels * tokens + first,
           .dense = dense.const_data_ptr<float>() + row * dense.stride(0) + (plain ? 0 : first),
           .position = position.const_data_ptr<float>() + first,
           .tokens = tokens,
           .dense_stride = dense.stride(1),
           .dense_is_plain = plain,
           .channels = channels,
           .keys = as_kernel(to.image.keys.mutable_data_ptr<T>() + at),
           .placed = as_kernel(to.image.placed.mutable_data_ptr<T>() + at),
           .position_out = row == 0 ? to.position.mutable_data_ptr<float>() + first * channels : nullptr});
    };
  });
}

}  // namespace

LaidTokens lay_tokens(const torch::Tensor& embeddings, const torch::Tensor& dense, const torch::Tensor& position,
                      torch::ScalarType type) {
  const bool plain = dense.stride(2) == 0 && dense.stride(3) == 0;
  const auto added = plain ? dense : dense.contiguous();
  const int64_t rows = added.size(0), channels = added.size(1), tokens = added.size(2) * added.size(3);
  const auto typed = added.options().dtype(type);
  LaidTokens to{{torch::empty({rows, tokens, channels}, typed), torch::empty({rows, tokens, channels}, typed)},
                torch::empty({tokens, channels}, added.options())};
  const auto lay_typed = type == torch::kFloat ? lay<float> : lay<at::BFloat16>;
  lay_typed(embeddings.contiguous(), added, position.contiguous(), to);
  return to;
}

}  // namespace hqsam
