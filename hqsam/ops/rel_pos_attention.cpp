// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/rel_pos_attention.h"

#include <algorithm>

#include "hqsam/ops/attention.h"
#include "hqsam/ops/cuda.h"
#include "hqsam/ops/cuda_kernels.h"
#include "hqsam/ops/rel_pos_attention_cpu.h"
#include "hqsam/ops/windows.h"

namespace hqsam {
namespace {

constexpr int64_t kMostBias = int64_t{1} << 28;  // numbers at a time: ViT-L's 16 heads of 4096 x 4096

// q [N,heads,HW,C] -> what is added to the attention logits, [N,heads,HW,HW]
torch::Tensor relative_bias(const torch::Tensor& q, const RelPosAttentionInput& input) {
  const int64_t side = input.window, tokens = side * side;
  const auto grid = q.reshape({-1, side, side, q.size(3)});
  const auto table_h = get_rel_pos(side, side, input.rel_pos_h).to(q.dtype());
  const auto table_w = get_rel_pos(side, side, input.rel_pos_w).to(q.dtype());
  const auto rel_h = torch::matmul(grid, table_h.transpose(1, 2));                                  // [.,h,w,kh]
  const auto rel_w = torch::matmul(grid.transpose(1, 2), table_w.transpose(1, 2)).transpose(1, 2);  // [.,h,w,kw]
  return (rel_h.unsqueeze(-1) + rel_w.unsqueeze(-2)).view({q.size(0), input.heads, tokens, tokens});
}

// The table of the window's own length, as the kernel reads it.
torch::Tensor kernel_table(const torch::Tensor& table, int64_t window) {
  return resize_rel_pos(table, 2 * window - 1).to(torch::kBFloat16).contiguous();
}

// Windows in all pictures of the batch.
int64_t window_count(const RelPosAttentionInput& input) {
  const auto along = [&](int64_t axis) { return (input.qkv.size(axis) + input.window - 1) / input.window; };
  return input.qkv.size(0) * along(1) * along(2);
}

torch::Tensor rel_pos_attention_cuda(const RelPosAttentionInput& input) {
  const c10::DeviceGuard guard(input.qkv.device());
  const auto qkv = input.qkv.contiguous();
  const auto padding = input.padding.to(torch::kBFloat16).contiguous();
  const auto table_h = kernel_table(input.rel_pos_h, input.window),
             table_w = kernel_table(input.rel_pos_w, input.window);
  const int64_t channels = qkv.size(3) / 3;
  const auto out = torch::empty({qkv.size(0), qkv.size(1), qkv.size(2), channels}, qkv.options());
  const auto number = [](int64_t value) { return static_cast<int>(value); };
  const cuda::RelPosAttentionArgs args{.qkv = qkv.const_data_ptr(),
                                       .padding = padding.const_data_ptr(),
                                       .rel_pos_h = table_h.const_data_ptr(),
                                       .rel_pos_w = table_w.const_data_ptr(),
                                       .out = out.mutable_data_ptr(),
                                       .batch = number(qkv.size(0)),
                                       .height = number(qkv.size(1)),
                                       .width = number(qkv.size(2)),
                                       .heads = number(input.heads),
                                       .head_dim = number(channels / input.heads),
                                       .window = number(input.window)};
  require_launched("rel_pos_attention", cuda::rel_pos_attention(args, current_cuda_stream(qkv.device())));
  return out;
}

}  // namespace

torch::Tensor resize_rel_pos(const torch::Tensor& table, int64_t length) {
  if (table.size(0) == length) return table;
  return torch::upsample_linear1d(table.t().unsqueeze(0), {length}, /*align_corners=*/false).squeeze(0).t();
}

torch::Tensor get_rel_pos(int64_t q_size, int64_t k_size, const torch::Tensor& table) {
  const auto rows = resize_rel_pos(table, 2 * std::max(q_size, k_size) - 1);
  // Coordinates of the shorter side are stretched to the longer one.
  const double q_scale = std::max(static_cast<double>(k_size) / static_cast<double>(q_size), 1.0);
  const double k_scale = std::max(static_cast<double>(q_size) / static_cast<double>(k_size), 1.0);
  const auto real = table.options().dtype(torch::kFloat32).requires_grad(false);
  const auto q = torch::arange(q_size, real).unsqueeze(1) * q_scale;
  const auto k = torch::arange(k_size, real).unsqueeze(0) * k_scale;
  const auto relative = (q - k) + static_cast<double>(k_size - 1) * k_scale;
  return rows.index({relative.to(torch::kLong)});
}

bool is_fused(const RelPosAttentionInput& input) {
  const torch::Tensor& qkv = input.qkv;
  if (torch::GradMode::is_enabled()) return false;
  if (qkv.device().is_cpu()) return takes_tiled_attention(input);
  return has_cuda_kernels(qkv.device()) && qkv.scalar_type() == torch::kBFloat16 &&
         cuda::takes_rel_pos_attention(qkv.size(3) / 3 / input.heads, input.window, window_count(input));
}

torch::Tensor rel_pos_attention_plain(const RelPosAttentionInput& input) {
  const int64_t side = input.window, tokens = side * side;
  const auto windows = window_partition(input.qkv, side, input.padding);
  const int64_t count = windows.size(0);
  const auto qkv = windows.view({count, tokens, 3, input.heads, -1}).permute({2, 0, 3, 1, 4});
  // As many windows at a time as keep the bias, by far the largest tensor here, within bounds.
  const int64_t at_once = std::max<int64_t>(1, kMostBias / (input.heads * tokens * tokens));
  std::vector<torch::Tensor> attended;
  for (int64_t begin = 0; begin < count; begin += at_once) {
    const auto part = qkv.narrow(1, begin, std::min(at_once, count - begin));
    const auto q = part[0], k = part[1], v = part[2];  // [N, heads, HW, C/heads]
    attended.push_back(attention(q, k, v, relative_bias(q, input)).transpose(1, 2));
  }
  const auto joined = attended.size() == 1 ? attended.front() : torch::cat(attended);
  return window_unpartition(joined.reshape({count, side, side, -1}), side, input.qkv.size(1), input.qkv.size(2));
}

torch::Tensor rel_pos_attention(const RelPosAttentionInput& input) {
  if (!is_fused(input)) return rel_pos_attention_plain(input);
  return input.qkv.device().is_cpu() ? rel_pos_attention_tiled(input) : rel_pos_attention_cuda(input);
}

}  // namespace hqsam
