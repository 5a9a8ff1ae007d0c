// SPDX-License-Identifier: Apache-2.0
#define USE_C10D_NCCL
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "hqsam/comm/backend.h"

namespace hqsam {

void require_nccl() {}

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const BackendOptions& options) {
  // NCCL's watchdog would end the process without naming the rank at fault.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*replace=*/0);
  setenv("TORCH_NCCL_ENABLE_MONITORING", "0", 0);
  if (options.one_machine) setenv("NCCL_SOCKET_IFNAME", "=lo", /*replace=*/1);  // NCCL listens for ranks there
  const auto nccl = c10d::ProcessGroupNCCL::Options::create();
  nccl->timeout = options.timeout;
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(options.store, options.rank, options.size, nccl);
  backend->eagerConnectSingleDevice(options.device);
  return backend;
}

}  // namespace hqsam
