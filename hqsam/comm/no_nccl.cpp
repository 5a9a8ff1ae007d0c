// SPDX-License-Identifier: Apache-2.0
#include "hqsam/comm/backend.h"
#include "hqsam/core/error.h"

namespace hqsam {

void require_nccl() {
  fail("make_group",
       "ranks on CUDA devices need NCCL, which this build lacks: build with what tools/setup.sh --cuda brings, or run "
       "on "
       "the CPU");
}

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(const BackendOptions&) {
  require_nccl();
  return {};
}

}  // namespace hqsam
