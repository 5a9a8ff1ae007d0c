// SPDX-License-Identifier: Apache-2.0
#define USE_C10D_GLOO
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "hqsam/comm/backend.h"

namespace hqsam {

c10::intrusive_ptr<c10d::Backend> make_gloo_backend(const BackendOptions& options) {
  const auto gloo = c10d::ProcessGroupGloo::Options::create(options.timeout);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  gloo->devices.push_back(!options.one_machine && interface != nullptr && *interface != '\0'
                              ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                              : c10d::ProcessGroupGloo::createDeviceForHostname(options.address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(options.store, options.rank, options.size, gloo);
}

}  // namespace hqsam
