// SPDX-License-Identifier: Apache-2.0
#include "hqsam/synth/write.h"

#include <algorithm>
#include <thread>

#include "hqsam/core/error.h"
#include "hqsam/core/parallel.h"
#include "hqsam/image/codec.h"

namespace hqsam {
namespace fs = std::filesystem;

void write_synth(const fs::path& output, int64_t count, const SynthOptions& options) {
  options.validate();
  if (count < 1 || count > 10'000'000) fail("write_synth", "count must be in 1..10000000, got {}", count);
  std::error_code error;
  if (fs::exists(output, error) && (!fs::is_directory(output, error) || !fs::is_empty(output, error))) {
    fail("write_synth", "{} is not an empty folder; choose another", output.string());
  }
  for (const char* folder : {"im", "gt", "coarse"}) {
    fs::create_directories(output / folder, error);
    if (error) fail("write_synth", "cannot create {}: {}", (output / folder).string(), error.message());
  }
  const int64_t threads = std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, count);
  parallel_for("synth", count, threads, [&](int64_t index) {
    const SynthScene scene = synth_scene(options, index);
    const std::string stem = fmt::format("{:05}", index);
    write_image(output / "im" / (stem + ".jpg"), scene.image, 92);
    write_image(output / "gt" / (stem + ".png"), scene.fine);
    write_image(output / "coarse" / (stem + ".png"), scene.coarse);
  });
}

}  // namespace hqsam
