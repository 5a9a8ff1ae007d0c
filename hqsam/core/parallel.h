// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace hqsam {

// Calls work(0) ... work(count - 1) on `threads` threads, in order of start, under a progress line called label. The
// caller's is one of them, and where the system gives no more, those that there are do it. The first exception ends the
// loop and comes out.
void parallel_for(const std::string& label, int64_t count, int64_t threads, const std::function<void(int64_t)>& work);

}  // namespace hqsam
