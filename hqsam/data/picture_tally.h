// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>

#include "hqsam/data/dataset.h"
#include "hqsam/data/set_options.h"

namespace hqsam {

// Says once per set and cause what reading its pictures and masks did beside copying 8-bit pixels: samples stretched,
// bands left out, a decoder's warning, masks of the stored frame turned, 0/1 masks. Safe to call from several threads.
class PictureTally {
 public:
  void note(const Sample& sample, const SetOptions& options) const;

 private:
  mutable std::atomic<bool> stretched_{false}, bands_{false}, warned_{false}, turned_{false}, zero_one_{false},
      tag_{false};
};

}  // namespace hqsam
