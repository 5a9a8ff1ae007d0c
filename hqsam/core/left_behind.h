// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

namespace hqsam {

// Threads in a call that does not come back, such as a read from a network disk that hangs, cannot be ended: they are
// left behind. A program that has left one flushes its files and leaves by _exit, since the destructors of its globals
// would run under that thread.
void note_left_behind();
bool any_left_behind();

// Runs work() on a thread of its own and waits for its end; what it throws comes out. Where `stop` is set, it waits for
// `patience` more, then leaves the thread behind and returns false: work must own all that it touches.
bool run_or_leave(std::function<void()> work, const std::atomic<bool>& stop, std::chrono::milliseconds patience);

}  // namespace hqsam
