// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/threads.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>

namespace hqsam {

// An iterator's loop is a way into at::parallel_for that is compiled with libtorch.
void on_threads(int64_t most, c10::function_ref<void()> loop) {
  const int64_t threads = std::min<int64_t>(most, at::get_num_threads());
  if (threads < 1) return;
  const auto a_byte_for_each = torch::empty({threads}, torch::kUInt8);
  auto iterator = at::TensorIteratorConfig()
                      .check_all_same_dtype(false)
                      .declare_static_dtype_and_device(torch::kUInt8, torch::kCPU)
                      .resize_outputs(false)
                      .declare_static_shape({threads})
                      .add_output(a_byte_for_each)
                      .build();
  iterator.for_each([&](char**, const int64_t*, int64_t) { loop(); }, /*grain_size=*/1);
}

void share_tasks(int64_t tasks, c10::function_ref<void(int64_t)> work) {
  std::atomic<int64_t> next = 0;
  on_threads(tasks, [&] {
    for (int64_t task = next++; task < tasks; task = next++) work(task);
  });
}

}  // namespace hqsam
