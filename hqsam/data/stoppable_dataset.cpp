// SPDX-License-Identifier: Apache-2.0
#include "hqsam/data/stoppable_dataset.h"

#include "hqsam/core/left_behind.h"
#include "hqsam/data/on_error.h"

namespace hqsam {

// The thread of a hanging read shares ownership of the data set.
Sample StoppableDataset::get(int64_t index) const {
  using namespace std::chrono_literals;
  const auto refuse = [] { throw Stopped("[StoppableDataset] a stop was requested"); };
  if (stop_) refuse();
  const auto sample = std::make_shared<Sample>();
  if (!run_or_leave([sample, index, dataset = dataset_] { *sample = dataset->get(index); }, stop_, 3s)) refuse();
  return std::move(*sample);
}

}  // namespace hqsam
