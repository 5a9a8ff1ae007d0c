// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hqsam/data/clicks.h"
#include "hqsam/evaluate/prepare.h"

namespace hqsam {

// One mask's clicks with one kind of mask as the model's answer.
struct ClickTrack {
  std::vector<Click> clicks;  // fewer than asked for where no error was left
  std::vector<double> ious;   // after 1, 2, ... clicks; as many as asked for
  std::vector<double> boundary_ious;
  PackedMask mask;  // after the last
};

// Every mask of a prepared sample clicked options.clicks times, all masks of the picture in each decoder batch.
std::vector<ClickTrack> run_clicks(PictureSession& session, const PreparedSample& sample,
                                   const EvaluateOptions& options, MaskKind kind);

}  // namespace hqsam
