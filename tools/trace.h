// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

namespace hqsam {

// Runs work() under PyTorch's profiler and writes what ran when, on the CPU and on the GPU, as a Chrome trace, which
// ui.perfetto.dev and chrome://tracing show. Throws Error where the file can't be written.
void trace(const std::filesystem::path& file, const std::function<void()>& work);

}  // namespace hqsam
