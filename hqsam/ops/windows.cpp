// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/windows.h"

namespace hqsam {
namespace {

torch::Tensor pad(const torch::Tensor& x, int64_t right, int64_t bottom, const torch::Tensor& padding) {
  if (right + bottom == 0) return x;
  if (!padding.defined()) return torch::constant_pad_nd(x, {0, 0, 0, right, 0, bottom});
  const auto filler = padding.to(x.scalar_type()).view({1, 1, 1, -1});
  const int64_t batch = x.size(0), height = x.size(1), width = x.size(2);
  const auto beside = torch::cat({x, filler.expand({batch, height, right, -1})}, 2);
  return torch::cat({beside, filler.expand({batch, bottom, width + right, -1})}, 1);
}

}  // namespace

torch::Tensor window_partition(const torch::Tensor& x, int64_t window, const torch::Tensor& padding) {
  const int64_t batch = x.size(0), height = x.size(1), width = x.size(2), channels = x.size(3);
  const int64_t pad_h = (window - height % window) % window, pad_w = (window - width % window) % window;
  return pad(x, pad_w, pad_h, padding)
      .view({batch, (height + pad_h) / window, window, (width + pad_w) / window, window, channels})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({-1, window, window, channels});
}

torch::Tensor window_unpartition(const torch::Tensor& windows, int64_t window, int64_t height, int64_t width) {
  const int64_t rows = (height + window - 1) / window, columns = (width + window - 1) / window;
  const auto joined = windows.view({-1, rows, columns, window, window, windows.size(3)})
                          .permute({0, 1, 3, 2, 4, 5})
                          .reshape({-1, rows * window, columns * window, windows.size(3)});
  return joined.slice(1, 0, height).slice(2, 0, width);
}

}  // namespace hqsam
