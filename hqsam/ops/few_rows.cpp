// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/few_rows.h"

#include <ATen/autocast_mode.h>

#include "hqsam/ops/cpu.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

constexpr int64_t kRows = 16;  // rows are filled up to a multiple of these, so that few kernels serve all numbers
constexpr int64_t kColumns = 1024, kSide = 64;

// [H,R,K] -> [H,R rounded up,K], the rest zeros.
torch::Tensor filled_up(const torch::Tensor& x) {
  return torch::constant_pad_nd(x, {0, 0, 0, round_up(x.size(1), kRows) - x.size(1)}).contiguous();
}

// A place of a product's result.
struct Tile {
  int64_t rows, columns, depth;
  int64_t left_stride, right_stride, out_stride;
};

void multiply(const Tile& tile, const float* left, const float* right, float* out) {
  at::native::cpublas::brgemm(tile.rows, tile.columns, tile.depth, tile.left_stride, tile.right_stride, tile.out_stride,
                              /*add_C=*/false, left, right, out, /*is_vnni=*/false);
}

// left [H,M,K] x right [H,K,N], all contiguous -> [H,M,N], by tiles of this size.
torch::Tensor multiply(const torch::Tensor& left, const torch::Tensor& right, int64_t tile_rows, int64_t tile_columns) {
  const int64_t rows = left.size(1), depth = left.size(2), columns = right.size(2);
  const auto out = torch::empty({left.size(0), rows, columns});
  const int64_t down = parts(rows, tile_rows), across = parts(columns, tile_columns);
  in_parallel(left.size(0) * down * across, [&] {
    return [&](int64_t task) {
      const int64_t head = task / down / across, y = task / across % down * tile_rows, x = task % across * tile_columns;
      const Tile tile{
          std::min(tile_rows, rows - y), std::min(tile_columns, columns - x), depth, depth, columns, columns};
      multiply(tile, left.const_data_ptr<float>() + (head * rows + y) * depth,
               right.const_data_ptr<float>() + head * depth * columns + x,
               out.mutable_data_ptr<float>() + (head * rows + y) * columns + x);
    };
  });
  return out;
}

}  // namespace

bool takes_few_rows(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.device().is_cpu() && !torch::GradMode::is_enabled() && has_cpu_kernels() &&
         !at::autocast::is_autocast_enabled(at::DeviceType::CPU) && x.scalar_type() == torch::kFloat &&
         weight.scalar_type() == torch::kFloat && x.numel() > 0;
}

torch::Tensor rows_by_transposed(const torch::Tensor& x, const torch::Tensor& weight) {
  const auto turned = filled_up(x).transpose(1, 2).contiguous();
  return multiply(weight.contiguous(), turned, kSide, kSide).narrow(2, 0, x.size(1)).transpose(1, 2).contiguous();
}

torch::Tensor rows_by(const torch::Tensor& x, const torch::Tensor& weight) {
  return multiply(filled_up(x), weight.contiguous(), kRows, kColumns).narrow(1, 0, x.size(1));
}

}  // namespace hqsam
