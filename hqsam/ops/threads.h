// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>

// libtorch's own threads. at::parallel_for is compiled with its caller: without the flags of libtorch's OpenMP it runs
// on one thread and says nothing, and another OpenMP (Clang's) would be a second pool beside libtorch's.
namespace hqsam {

// Calls loop() on at most `most` of libtorch's threads (at::get_num_threads()) at once, the caller's among them, and
// returns when all have. An exception of one comes out.
void on_threads(int64_t most, c10::function_ref<void()> loop);

// Calls work(0) ... work(tasks - 1) there. Threads take tasks as they come, so that one on a busy core holds up nobody.
void share_tasks(int64_t tasks, c10::function_ref<void(int64_t)> work);

}  // namespace hqsam
