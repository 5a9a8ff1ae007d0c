// SPDX-License-Identifier: Apache-2.0
// hqsam's side of loader_bench.py: parity_rows WORKERS ROWS SIDE [repeats] < sets, a line "images masks" of two folders
// for each set. Makes ROWS training rows with a box prompt (epoch after epoch) and answers {"rows", "seconds", "user",
// "system", "peak_mib", "first_mib"}, CPU seconds of the whole process while rows were made, first_mib before them.
#include <sys/resource.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "hqsam/core/clock.h"
#include "hqsam/core/error.h"
#include "hqsam/data/loader.h"
#include "hqsam/data/open_dataset.h"

namespace hqsam {
namespace {

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; }

rusage usage() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used;
}

std::vector<WeightedSet> read_sets() {
  std::vector<WeightedSet> sets;
  SetOptions options;
  std::string images, masks;
  while (std::cin >> images >> masks) {
    options.name = images;
    options.images = images;
    options.masks = masks;
    sets.push_back({.dataset = open_dataset(options)});
  }
  return sets;
}

// Sums what was made, so that two ways of making rows can be held against each other.
uint64_t fold(const TrainingRow& row, uint64_t sum) {
  const auto mix = [&](const torch::Tensor& values) {
    const auto* bytes = static_cast<const uint8_t*>(values.data_ptr());
    for (size_t i = 0; i + 8 <= values.nbytes(); i += 8) {
      uint64_t word;
      std::memcpy(&word, bytes + i, 8);
      sum = (sum ^ word) * 0x9e3779b97f4a7c15;
      sum ^= sum >> 29;
    }
  };
  mix(row.image);
  mix(row.label);
  return sum;
}

void run(int64_t workers, int64_t rows, int64_t side, bool digest) {
  RowOptions options;
  options.image_size = side;
  const TrainingSet set(read_sets(), options);
  const rusage before = usage();
  const auto start = std::chrono::steady_clock::now();
  uint64_t sum = 0;
  int64_t made = 0;
  for (int64_t epoch = 0; made < rows; ++epoch) {
    const int64_t count = std::min(rows - made, set.size());
    Loader loader(set, epoch, 0, count, workers, std::max<int64_t>(1, 2 * workers));
    for (int64_t i = 0; i < count; ++i) {
      const TrainingRow row = std::move(loader.next(1).front());
      if (digest) sum = fold(row, sum);
    }
    made += count;
  }
  const rusage after = usage();
  const nlohmann::json answer = {{"rows", made},
                                 {"seconds", seconds_since(start)},
                                 {"user", seconds_of(after.ru_utime) - seconds_of(before.ru_utime)},
                                 {"system", seconds_of(after.ru_stime) - seconds_of(before.ru_stime)},
                                 {"faults", after.ru_minflt - before.ru_minflt},
                                 {"first_mib", static_cast<double>(before.ru_maxrss) / 1024},
                                 {"peak_mib", static_cast<double>(after.ru_maxrss) / 1024},
                                 {"digest", sum}};
  std::cout << answer << "\n";
}

}  // namespace
}  // namespace hqsam

int main(int argc, char** argv) {
  try {
    if (argc < 4) hqsam::fail("parity_rows", "usage: parity_rows WORKERS ROWS SIDE [digest] < sets");
    hqsam::run(std::stoll(argv[1]), std::stoll(argv[2]), std::stoll(argv[3]), argc > 4);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
