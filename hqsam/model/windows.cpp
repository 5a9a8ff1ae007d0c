// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/windows.h"

namespace hqsam {

torch::Tensor window_partition(const torch::Tensor& x, int64_t window) {
  const int64_t batch = x.size(0), height = x.size(1), width = x.size(2), channels = x.size(3);
  const int64_t pad_h = (window - height % window) % window, pad_w = (window - width % window) % window;
  const auto padded = pad_h + pad_w > 0 ? torch::constant_pad_nd(x, {0, 0, 0, pad_w, 0, pad_h}) : x;
  return padded.view({batch, (height + pad_h) / window, window, (width + pad_w) / window, window, channels})
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
