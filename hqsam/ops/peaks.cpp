// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/peaks.h"

#include <chrono>
#include <cstring>

#include "hqsam/ops/cpu.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

struct Shape {
  int64_t rows, columns, depth;
};
constexpr Shape kShapes[] = {{128, 256, 256}, {128, 64, 512}, {64, 256, 768}, {256, 64, 768}};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The most that `amount` of work a round makes in a second; rounds until they take long enough to be timed.
double best_rate(double amount, const std::function<void(int64_t rounds)>& work) {
  work(1);
  double best = 0;
  int64_t rounds = 1;
  for (double seconds = 0, all = 0; all < 0.2; all += seconds) {
    seconds = seconds_of([&] { work(rounds); });
    if (seconds > 0.01) best = std::max(best, amount * static_cast<double>(rounds) / seconds);
    if (seconds < 0.05) rounds *= 2;
  }
  return best;
}

template <class Left, class Right, class Out>
double rate_of(const Shape& shape) {
  const auto threads = static_cast<double>(at::get_num_threads());
  const double operations = 2 * static_cast<double>(shape.rows * shape.columns * shape.depth);
  return best_rate(threads * operations, [&](int64_t rounds) {
    on_threads(at::get_num_threads(), [&] {
      const Buffer<Left> left(shape.rows * shape.depth);
      const Buffer<Right> right(shape.depth * shape.columns);
      const Buffer<Out> out(shape.rows * shape.columns);
      std::memset(left.at(0), 0, static_cast<size_t>(shape.rows * shape.depth) * sizeof(Left));
      std::memset(right.at(0), 0, static_cast<size_t>(shape.depth * shape.columns) * sizeof(Right));
      for (int64_t i = 0; i < rounds; ++i) {
        at::native::cpublas::brgemm(shape.rows, shape.columns, shape.depth, shape.depth, shape.columns, shape.columns,
                                    /*add_C=*/false, left.at(0), right.at(0), out.at(0),
                                    /*is_vnni=*/!std::is_same_v<Left, float>);
      }
      at::native::cpublas::brgemm_release(/*is_vnni=*/true);
    });
  });
}

template <class Left, class Right, class Out>
double peak_of() {
  double best = 0;
  for (const Shape& shape : kShapes) best = std::max(best, rate_of<Left, Right, Out>(shape));
  return best;
}

double copy_rate() {
  constexpr int64_t kBytes = int64_t{256} << 20, kPart = int64_t{1} << 20;
  const Buffer<char> from(kBytes), to(kBytes);
  std::memset(from.at(0), 1, kBytes);
  return best_rate(2.0 * kBytes, [&](int64_t rounds) {
    share_tasks(rounds * (kBytes / kPart), [&](int64_t task) {
      const int64_t at = task % (kBytes / kPart) * kPart;
      std::memcpy(to.at(at), from.at(at), kPart);
    });
  });
}

}  // namespace

std::vector<Peak> measure_peaks() {
  std::vector<Peak> peaks;
  if (has_cpu_kernels(torch::kFloat)) peaks.push_back({"fp32", peak_of<float, float, float>()});
  if (has_cpu_kernels(torch::kBFloat16)) peaks.push_back({"bf16", peak_of<at::BFloat16, at::BFloat16, float>()});
  if (at::native::cpublas::could_pack(torch::kByte)) {
    peaks.push_back({"int8", peak_of<unsigned char, signed char, int32_t>()});
  }
  peaks.push_back({"copy", copy_rate()});
  return peaks;
}

}  // namespace hqsam
