// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <set>

#include "harness.h"
#include "hqsam/data/tar_index.h"

using namespace hqsam;

namespace {

// Names that no one can take for another place, and members within the file.
void check_member(const DataFile& file, size_t size) {
  fuzz::require(!file.name.empty() && file.name.front() != '/');
  fuzz::require(("/" + file.name + "/").find("/../") == std::string::npos);
  fuzz::require(std::none_of(file.name.begin(), file.name.end(), [](unsigned char c) { return c < 0x20; }));
  fuzz::require(file.offset >= 512 && file.size >= 0 && file.offset + file.size <= static_cast<int64_t>(size));
  fuzz::touch(sample_key(file.name));
  fuzz::touch(DataBytes(file).bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int descriptor = ::memfd_create("fuzz.tar", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  fuzz::require(::ftruncate(descriptor, 0) == 0);
  fuzz::require(::pwrite(descriptor, data, size, 0) == static_cast<ssize_t>(size));
  try {
    std::set<std::string> names;
    for (const DataFile& file : files_in_tar(path)) {
      check_member(file, size);
      fuzz::require(names.insert(file.name).second);
    }
  } catch (const Error& error) {
    fuzz::check_message(error);
  }
  return 0;
}
