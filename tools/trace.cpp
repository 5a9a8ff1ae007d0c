// SPDX-License-Identifier: Apache-2.0
#include "trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>
#include <torch/torch.h>

#include <cstdlib>

#include "hqsam/core/error.h"

namespace hqsam {

void trace(const std::filesystem::path& file, const std::function<void()>& work) {
  namespace profiler = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (torch::cuda::is_available()) {
    activities.insert(ActivityType::CUDA);
  } else {
    setenv("KINETO_LOG_LEVEL", "5", /*overwrite=*/0);  // no line about the GPU that is not there
  }
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  work();
  const std::filesystem::path unfinished = file.string() + ".tmp";
  profiler::disableProfiler()->save(unfinished.string());
  std::error_code error;
  std::filesystem::rename(unfinished, file, error);
  if (error) fail("trace", "{} can't be written: {}", file.string(), error.message());
}

}  // namespace hqsam
