// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "harness.h"
#include "hqsam/evaluate/compare.h"
#include "hqsam/report/run_log.h"
#include "hqsam/report/trade_off_point.h"

using namespace hqsam;

namespace {

const std::string kSamples = R"({"set": "s", "file": "a.jpg", "mask": 0, "hq": {"iou": 80.5}})";
const std::string kResults = R"({"protocol": "paper", "prompt": "box", "boundary_dilation": 0.02})";

}  // namespace

// What evaluate and train wrote and compare, --beside and the reports read: samples.jsonl, results.json, and lines of
// metrics.jsonl.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  fuzz::attempt([&] {
    for (const ComparedSet& set : compare_samples(text, "a", kSamples, "b")) fuzz::require(set.masks == 1);
  });
  fuzz::attempt([&] {
    for (const std::string& setting : differing_settings(text, "a", kResults, "b")) {
      fuzz::check_message(Error(setting));
    }
  });
  fuzz::attempt([&] {
    if (const auto point = trade_off_point(text, "a")) fuzz::require(std::isfinite(point->score));
  });
  RunLine line;
  if (parse_run_line(text, line)) fuzz::require(!line.numbers.contains("epoch"));
  return 0;
}
