// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "hqsam/train/run.h"

namespace hqsam {

// What a run says of itself, for people.

// "mBIoU 34.85 (SAM 16.40, +18.45 [+15.01, +21.90])" of the metric "hq.mbiou"; in brackets what the validation knows
// of the run's start: nothing, its value, and the gain over it with its interval. in_short: without the gain.
std::string metric_text(const Validation& validation, const std::string& metric, double value, bool in_short = false);

// "SAM: mBIoU 16.40, mIoU 35.10, on 62 masks of 25 pictures": what the run begins with.
std::string start_text(const Validation& start);

// What to look at where SAM's mIoU is low, as it is for masks that are read wrongly; "" elsewhere.
std::string start_advice(const Validation& start);

// Whether what was trained is better than the start: "HQ is better than SAM here: mBIoU +15.1 [..], mIoU ..". `better`
// is whether the interval of mBIoU lies above zero. The text is "" where the start is not known.
struct Verdict {
  std::string text;
  bool better = false;
};
Verdict verdict_of(const Validation& validation);

// The greatest batch size up to `batch`, a multiple of `ranks`, that leaves the fewest of `rows` out; at least one
// that an epoch has rows for, where there is any.
int64_t fitting_batch(int64_t rows, int64_t batch, int64_t ranks);

// What to know of an epoch's rows before the run: "an epoch trains on 96 of 100 rows: .."; "" where all take part.
// `warn`: a tenth or more is left out.
struct RowsAdvice {
  std::string text;
  bool warn = false;
};
RowsAdvice rows_advice(int64_t rows, int64_t batch, int64_t ranks);

}  // namespace hqsam
