// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/native/CPUBlas.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "hqsam/ops/cpu_tile_kernels.h"
#include "hqsam/ops/threads.h"

// Products of tiles on a CPU by oneDNN's micro-kernels, as libtorch has them: what hqsam's own operations are made of.
// Numbers are float or at::BFloat16; sums are float.
namespace hqsam {

inline int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }
inline int64_t parts(int64_t value, int64_t part) { return (value + part - 1) / part; }

// Memory of tiles begins at cache lines.
template <class T>
class Buffer {
 public:
  explicit Buffer(int64_t count)
      : bytes_(torch::empty({count * static_cast<int64_t>(sizeof(T))}, torch::kUInt8)),
        data_(static_cast<T*>(bytes_.mutable_data_ptr())) {}
  T* at(int64_t index) const { return data_ + index; }

 private:
  torch::Tensor bytes_;
  T* data_;
};

// How the kernels, which know no libtorch, have the numbers.
template <class T>
using KernelType = std::conditional_t<std::is_same_v<T, float>, float, uint16_t>;
template <class T>
KernelType<T>* as_kernel(T* numbers) {
  return reinterpret_cast<KernelType<T>*>(numbers);
}
template <class T>
const KernelType<T>* as_kernel(const T* numbers) {
  return reinterpret_cast<const KernelType<T>*>(numbers);
}

// Numbers are floats, or bf16 in pairs along the products' inner axis, which the micro-kernels read side by side.
template <class T>
constexpr int64_t kPair = std::is_same_v<T, float> ? 1 : 2;

// Brings columns, `count` pointers to `depth` numbers each, into a product's right side [depth, columns]; columns
// beyond count stay as they are.
template <class T>
void pack_columns(const T* const* from, int64_t count, int64_t depth, int64_t columns, T* to) {
  constexpr int64_t kOf = kPair<T>, kAtOnce = 16;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const int64_t end = std::min(begin + kAtOnce, count);
    for (int64_t row = 0; row < depth; row += kOf) {
      for (int64_t column = begin; column < end; ++column) {
        for (int64_t i = 0; i < kOf; ++i) to[row * columns + column * kOf + i] = from[column][row + i];
      }
    }
  }
}

// Brings rows, `count` pointers to `columns` numbers each (a multiple of cpu::kLanes), into a product's right side
// [count, columns].
template <class T>
void pack_rows(const T* const* from, int64_t count, int64_t columns, T* to) {
  constexpr int64_t kOf = kPair<T>;
  for (int64_t row = 0; row < count; row += kOf) {
    T* out = to + row * columns;
    if constexpr (kOf == 1) {
      std::copy_n(from[row], columns, out);
    } else {
      cpu::interleave(as_kernel(from[row]), as_kernel(from[row + 1]), columns, as_kernel(out));
    }
  }
}

// A matrix [.., depth, columns] as the right side of products, in type T.
template <class T>
torch::Tensor right_side(const torch::Tensor& matrix) {
  const auto typed = matrix.to(c10::CppTypeToScalarType<T>::value);
  if constexpr (kPair<T> == 1) {
    return typed.contiguous();
  } else {
    return typed.unflatten(-2, {matrix.size(-2) / 2, 2}).transpose(-1, -2).contiguous();
  }
}

// left [rows, depth], its rows left_stride apart, x right, packed -> out [rows, columns], or added to it.
template <class T>
void product(int64_t rows, int64_t columns, int64_t depth, const T* left, int64_t left_stride, const T* right,
             float* out, bool add) {
  at::native::cpublas::brgemm(rows, columns, depth, left_stride, columns, columns, add, left, right, out,
                              kPair<T> == 2);
}

// Runs tasks 0, 1, ... on all threads. make_worker() gives each thread its function of a task, with what it needs of
// its own. Threads take tasks as they come, so that one on a busy core holds up nobody.
template <class MakeWorker>
void in_parallel(int64_t tasks, const MakeWorker& make_worker) {
  std::atomic<int64_t> next = 0;
  on_threads(tasks, [&] {
    auto work = make_worker();
    for (int64_t task = next++; task < tasks; task = next++) work(task);
    at::native::cpublas::brgemm_release(/*is_vnni=*/true);
  });
}

}  // namespace hqsam
