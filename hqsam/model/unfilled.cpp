// SPDX-License-Identifier: Apache-2.0
#include "hqsam/model/unfilled.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

namespace hqsam {
namespace {

// libtorch's key for deferring what module constructors do; it is off unless a thread includes it.
constexpr c10::DispatchKey kConstructing = c10::DispatchKey::DeferredInit;

void skip_random_fill(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string& name = op.schema().name();
  if (name == "aten::uniform_" || name == "aten::normal_") {  // leave the tensor, drop the bounds and the generator
    torch::jit::drop(*stack, op.schema().arguments().size() - 1);
    return;
  }
  const c10::impl::ExcludeDispatchKeyGuard below(kConstructing);
  op.callBoxed(stack);
}

TORCH_LIBRARY_IMPL(_, DeferredInit, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&skip_random_fill>());
}

}  // namespace

SamHq make_unfilled(const SamHqOptions& options) {
  const c10::impl::IncludeDispatchKeyGuard constructing(kConstructing);
  return SamHq(options);
}

}  // namespace hqsam
