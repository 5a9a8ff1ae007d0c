// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "hqsam/data/dataset.h"

namespace hqsam {

// What can be wrong with a file of a data set.
enum class Problem {
  kError,      // get() threw: unreadable, corrupt, sizes differ
  kNoMask,     // a picture without masks
  kEmpty,      // a mask of zeros
  kFaint,      // values above 0 but none above 128: nothing is inside
  kTiny,       // fewer inside pixels than CheckOptions::tiny
  kAllInside,  // no pixel outside
  kZeroOne,    // 0/1 in the file; read as 0/255
  kLeftOut,    // masks or boxes that the reader could not use
};
inline constexpr size_t kProblems = 8;
std::string_view problem_name(Problem problem);  // "error", "no mask", "empty mask", ...
// Told, but nothing that trains wrongly: kZeroOne and kLeftOut.
bool is_note(Problem problem);

struct FileProblem {
  Problem problem = Problem::kError;
  std::string path;     // the picture's
  std::string message;  // what exactly, for people
};

struct CheckOptions {
  int64_t tiny = 10;    // pixels
  int64_t workers = 1;  // threads that decode
  void validate() const;
};

struct CheckReport {
  int64_t samples = 0;                         // pictures in the set
  int64_t masks = 0;                           // of the pictures that could be read
  std::array<int64_t, kProblems> counts = {};  // by Problem
  std::vector<FileProblem> problems;           // in the order of the set
  // By number of pixels, of the pictures that could be read; zero where there are none.
  Size smallest, median, largest;
  double mean_inside_share = 0;  // of the masks' pixels, 0..1

  // Pictures that are turned upright by their tag, whose masks are turned with them, whose samples were stretched, of
  // which bands are left out, that the decoder warned of, and with pixels of which the set says nothing.
  struct Reading {
    int64_t upright = 0, turned = 0, stretched = 0, bands = 0, warned = 0, unknown = 0;
  } reading;
  std::string warning;  // the first of the decoder's

  int64_t count(Problem problem) const { return counts[static_cast<size_t>(problem)]; }
};

// "3 turned upright, 2 stretched", or "" where pictures were read as they are.
std::string describe(const CheckReport& report);

// Reads every sample once. A file's Error becomes a problem of the report and does not stop the check.
CheckReport check_dataset(const Dataset& dataset, const CheckOptions& options = {});

}  // namespace hqsam
