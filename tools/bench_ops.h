// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench_stages.h"

namespace hqsam {

// An operation of hqsam/ops beside its plain form. Where no kernel takes it, both are the plain form.
struct OpTime {
  StageTime chosen, plain;
  double difference = 0;  // the largest between their outputs, absolute
};

std::vector<std::string> op_names();

// Times an operation, one of op_names(), at every size that this architecture's encoder gives it for one picture, with
// random numbers. Throws Error for an encoder without it.
std::vector<OpTime> time_op(const std::string& op, const SamHqOptions& architecture, torch::Device device,
                            const BenchOptions& options);

}  // namespace hqsam
