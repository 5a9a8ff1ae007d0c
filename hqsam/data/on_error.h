// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/core/error.h"

namespace hqsam {

// What becomes of a run where a picture or its masks cannot be read: it ends with the Error that names the file, or the
// picture is passed over and counted.
enum class OnError { kStop, kSkip };

// The files of a training row cannot be read.
class UnreadRow : public Error {
 public:
  using Error::Error;
};

// A stop was asked for, by a signal: the work ends, and nothing has failed. Where one rank of several stops so, all do.
class Stopped : public Error {
 public:
  using Error::Error;
};

}  // namespace hqsam
