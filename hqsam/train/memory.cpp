// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace hqsam {

double peak_memory_gib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024 / 1024;  // KiB on Linux
}

double peak_device_memory_gib(torch::Device device) {
  if (device.is_cpu()) return 0;
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.has_index() ? device.index() : 0);
  return static_cast<double>(stats.allocated_bytes[0].peak) / (1 << 30);
}

double memory_to_use_gib(torch::Device device) {
  constexpr double kGib = 1 << 30;
  if (device.is_cuda()) {
    try {
      const auto index = device.has_index() ? device.index() : c10::DeviceIndex{0};
      return static_cast<double>(c10::getDeviceAllocator(device.type())->getMemoryInfo(index).second) / kGib;
    } catch (const c10::Error&) {  // an allocator that does not tell
      return 0;
    }
  }
  double bytes = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  double limit = 0;
  for (const char* file : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream stream(file);
    if (stream >> limit && limit > 0) bytes = std::min(bytes, limit);  // "max" is no number
  }
  return bytes / kGib;
}

}  // namespace hqsam
