// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/autocast_mode.h>

namespace hqsam {

// While it lives and is enabled, PyTorch's autocast runs matrix products and convolutions on `device` in
// bfloat16; parameters stay float32. Backward passes belong outside.
class Bf16Scope {
 public:
  Bf16Scope(at::DeviceType device, bool enabled)
      : device_(device), enabled_(enabled), was_enabled_(at::autocast::is_autocast_enabled(device)) {
    if (!enabled_) return;
    was_dtype_ = at::autocast::get_autocast_dtype(device_);
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Bf16Scope() {
    if (!enabled_) return;
    // The outermost scope drops the cast copies of the weights: the optimizer is about to change them.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_dtype(device_, was_dtype_);
    at::autocast::set_autocast_enabled(device_, was_enabled_);
  }
  Bf16Scope(const Bf16Scope&) = delete;
  Bf16Scope& operator=(const Bf16Scope&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_, was_enabled_;
  at::ScalarType was_dtype_ = at::kFloat;
};

// The type of matrix products of x: autocast's on its device, or x's own.
inline at::ScalarType type_of_products(const at::Tensor& x) {
  const at::DeviceType device = x.device().type();
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : x.scalar_type();
}

// x in that type. For a copy on the way there, which then moves half the bytes.
inline at::Tensor to_autocast_type(const at::Tensor& x) { return x.to(type_of_products(x)); }

// While it lives, autocast is off on `device`, also within a Bf16Scope.
class Fp32Scope {
 public:
  explicit Fp32Scope(at::DeviceType device) : device_(device), was_enabled_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_enabled(device_, false);
  }
  ~Fp32Scope() { at::autocast::set_autocast_enabled(device_, was_enabled_); }
  Fp32Scope(const Fp32Scope&) = delete;
  Fp32Scope& operator=(const Fp32Scope&) = delete;

 private:
  at::DeviceType device_;
  bool was_enabled_;
};

}  // namespace hqsam
