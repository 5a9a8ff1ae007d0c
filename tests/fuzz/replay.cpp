// SPDX-License-Identifier: Apache-2.0
// Runs one fuzzer's inputs through it without libFuzzer, so that any compiler's sanitizers can look:
// replay_<name> <files or folders...>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "harness.h"
#include "hqsam/core/file.h"

namespace {

void replay(const std::filesystem::path& path) {
  const std::string content = hqsam::read_file(path);
  // Of exactly the content's length: AddressSanitizer guards its end.
  const std::unique_ptr<uint8_t[]> input(new uint8_t[content.size()]);
  std::memcpy(input.get(), content.data(), content.size());
  std::fprintf(stderr, "%s\n", path.c_str());  // the last one named is the one that failed
  LLVMFuzzerTestOneInput(input.get(), content.size());
}

}  // namespace

int main(int count, char** arguments) {
  int inputs = 0;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(arguments[i])) {
      replay(arguments[i]);
      ++inputs;
      continue;
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(arguments[i])) {
      if (!file.is_regular_file()) continue;
      replay(file.path());
      ++inputs;
    }
  }
  std::fprintf(stderr, "\n%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
