// SPDX-License-Identifier: Apache-2.0
// One warp per row: the row stays in registers, so that it is read once and both results are written once.
#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "hqsam/ops/cuda_kernels.h"

namespace hqsam::cuda {
namespace {

constexpr int kWarps = 4, kLane = 4, kStride = 32 * kLane;  // numbers that a lane and a warp take at a time

__device__ float4 operator+(float4 a, float4 b) { return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w}; }

__device__ float4 load_bf16(const __nv_bfloat16* at) {
  const uint2 bits = *reinterpret_cast<const uint2*>(at);
  const float2 a = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(&bits.x));
  const float2 b = __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(&bits.y));
  return {a.x, a.y, b.x, b.y};
}

__device__ void store_bf16(__nv_bfloat16* at, float4 value) {
  const __nv_bfloat162 pair[2] = {__floats2bfloat162_rn(value.x, value.y), __floats2bfloat162_rn(value.z, value.w)};
  *reinterpret_cast<uint2*>(at) = *reinterpret_cast<const uint2*>(pair);
}

__device__ float sum_over_warp(float value) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffff, value, step);
  return value;
}

// Parts: channels / kStride.
template <int Parts>
__global__ void __launch_bounds__(32 * kWarps) kernel(AddLayerNormArgs args) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= args.rows) return;
  const int64_t first = row * args.channels + threadIdx.x % 32 * kLane;
  float4 x[Parts];
  for (int i = 0; i < Parts; ++i) x[i] = *reinterpret_cast<const float4*>(args.x + first + i * kStride);
  if (args.delta != nullptr) {
    const auto* delta = static_cast<const __nv_bfloat16*>(args.delta);
    for (int i = 0; i < Parts; ++i) {
      x[i] = x[i] + load_bf16(delta + first + i * kStride);
      *reinterpret_cast<float4*>(args.sum + first + i * kStride) = x[i];
    }
  }
  float total = 0;
  for (int i = 0; i < Parts; ++i) total += x[i].x + x[i].y + x[i].z + x[i].w;
  const float mean = sum_over_warp(total) / args.channels;
  float squares = 0;
  for (int i = 0; i < Parts; ++i) {
    x[i] = x[i] + float4{-mean, -mean, -mean, -mean};
    squares += x[i].x * x[i].x + x[i].y * x[i].y + x[i].z * x[i].z + x[i].w * x[i].w;
  }
  const float scale = rsqrtf(sum_over_warp(squares) / args.channels + args.eps);
  auto* normed = static_cast<__nv_bfloat16*>(args.normed);
  for (int i = 0; i < Parts; ++i) {
    const int channel = threadIdx.x % 32 * kLane + i * kStride;
    const float4 weight = *reinterpret_cast<const float4*>(args.weight + channel);
    const float4 bias = *reinterpret_cast<const float4*>(args.bias + channel);
    store_bf16(normed + first + i * kStride, {x[i].x * scale * weight.x + bias.x, x[i].y * scale * weight.y + bias.y,
                                              x[i].z * scale * weight.z + bias.z, x[i].w * scale * weight.w + bias.w});
  }
}

// For the widths of SAM's ViTs; null for others.
auto kernel_for(int64_t channels) -> void (*)(AddLayerNormArgs) {
  switch (channels) {
    case 768:
      return kernel<6>;
    case 1024:
      return kernel<8>;
    case 1280:
      return kernel<10>;
    default:
      return nullptr;
  }
}

}  // namespace

bool takes_add_layer_norm(int64_t channels) { return kernel_for(channels) != nullptr; }

const char* add_layer_norm(const AddLayerNormArgs& args, void* stream) {
  const auto own = kernel_for(args.channels);
  if (own == nullptr) return "no kernel for this number of channels";
  const auto blocks = static_cast<unsigned>((args.rows + kWarps - 1) / kWarps);
  own<<<blocks, 32 * kWarps, 0, static_cast<cudaStream_t>(stream)>>>(args);
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace hqsam::cuda
