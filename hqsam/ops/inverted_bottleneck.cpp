// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/inverted_bottleneck.h"

#include "hqsam/ops/autocast.h"
#include "hqsam/ops/cpu.h"
#include "hqsam/ops/cpu_tile_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

constexpr int64_t kStrip = 16;   // rows of a task's result
constexpr int64_t kPixels = 64;  // of a product
using cpu::kLanes;

bool takes(const torch::Tensor& x) {
  return x.device().is_cpu() && !torch::GradMode::is_enabled() && x.dim() == 4 && has_cpu_kernels(type_of_products(x));
}

// [C,1,3,3] -> [9,C]
torch::Tensor taps_of(const FoldedConv& conv) { return conv.weight.flatten(1).t().contiguous(); }

template <class T>
class Bottlenecks {
 public:
  Bottlenecks(const torch::Tensor& x, const Bottleneck& of)
      : x_(x.to(c10::CppTypeToScalarType<T>::value).contiguous()),
        of_(of),
        height_(x.size(1)),
        width_(x.size(2)),
        in_(x.size(3)),
        hidden_(of.first.weight.size(0)),
        out_channels_(of.last.weight.size(0)),
        out_height_((height_ - 1) / of.stride + 1),
        out_width_((width_ - 1) / of.stride + 1),
        first_(right_side<T>(of.first.weight.flatten(1).t())),
        last_(right_side<T>(of.last.weight.flatten(1).t())),
        taps_(taps_of(of.depthwise)),
        out_(torch::empty({x.size(0), out_height_, out_width_, out_channels_}, x_.options())) {}

  torch::Tensor run() {
    const int64_t strips = parts(out_height_, kStrip);
    in_parallel(x_.size(0) * strips, [this, strips] {
      return [this, strips, own = Scratch(*this)](int64_t task) { strip(own, task / strips, task % strips * kStrip); };
    });
    return out_;
  }

 private:
  struct Scratch {
    explicit Scratch(const Bottlenecks& op)
        : sums(kPixels * std::max(op.hidden_, op.out_channels_)),
          rows(kRing * op.row_size()),
          zeros(op.row_size()),
          mixed(op.out_width_ * op.hidden_) {
      std::fill_n(rows.at(0), kRing * op.row_size(), T(0));  // their ends stay zeros
      std::fill_n(zeros.at(0), op.row_size(), T(0));
    }
    Buffer<float> sums;
    Buffer<T> rows, zeros, mixed;
  };
  static constexpr int64_t kRing = 3;  // rows of hidden channels that are kept

  int64_t row_size() const { return (width_ + 2) * hidden_; }

  void strip(const Scratch& own, int64_t picture, int64_t first) {
    int64_t made = first * of_.stride - 2;  // the last hidden row in the ring
    for (int64_t y = first; y < std::min(first + kStrip, out_height_); ++y) {
      const int64_t middle = y * of_.stride;
      made = std::max(made, middle - 2);
      while (made < std::min(middle + 1, height_ - 1)) hidden_row(own, picture, ++made);
      const auto row = [&](int64_t at) {
        return as_kernel(at < 0 || at >= height_ ? own.zeros.at(0) : own.rows.at(at % kRing * row_size()));
      };
      cpu::depthwise_row<KernelType<T>>({.rows = {row(middle - 1), row(middle), row(middle + 1)},
                                         .taps = taps_.const_data_ptr<float>(),
                                         .bias = of_.depthwise.bias.const_data_ptr<float>(),
                                         .pixels = out_width_,
                                         .channels = hidden_,
                                         .stride = of_.stride,
                                         .gelu = true,
                                         .out = as_kernel(own.mixed.at(0))});
      last_row(own, picture, y);
    }
  }

  void hidden_row(const Scratch& own, int64_t picture, int64_t y) {
    if (y < 0) return;
    const T* from = x_.template const_data_ptr<T>() + (picture * height_ + y) * width_ * in_;
    T* to = own.rows.at(y % kRing * row_size() + hidden_);
    for (int64_t x = 0; x < width_; x += kPixels) {
      const int64_t pixels = std::min(kPixels, width_ - x);
      product(pixels, hidden_, in_, from + x * in_, in_, first_.template const_data_ptr<T>(), own.sums.at(0), false);
      cpu::bias_gelu(own.sums.at(0), pixels, hidden_, of_.first.bias.const_data_ptr<float>(),
                     as_kernel(to + x * hidden_));
    }
  }

  void last_row(const Scratch& own, int64_t picture, int64_t y) {
    const int64_t at = (picture * out_height_ + y) * out_width_ * out_channels_;
    for (int64_t x = 0; x < out_width_; x += kPixels) {
      const int64_t pixels = std::min(kPixels, out_width_ - x), begin = at + x * out_channels_;
      product(pixels, out_channels_, hidden_, own.mixed.at(x * hidden_), hidden_, last_.template const_data_ptr<T>(),
              own.sums.at(0), false);
      const auto* residual = of_.residual ? as_kernel(x_.template const_data_ptr<T>() + begin) : nullptr;
      cpu::add_bias(own.sums.at(0), pixels, out_channels_, of_.last.bias.const_data_ptr<float>(), residual,
                    as_kernel(out_.template mutable_data_ptr<T>() + begin));
    }
  }

  torch::Tensor x_;
  const Bottleneck& of_;
  int64_t height_, width_, in_, hidden_, out_channels_, out_height_, out_width_;
  torch::Tensor first_, last_, taps_, out_;
};

template <class T>
torch::Tensor depthwise(const torch::Tensor& x, const FoldedConv& conv) {
  const auto from = x.to(c10::CppTypeToScalarType<T>::value).contiguous(), taps = taps_of(conv);
  const auto out = torch::empty_like(from);
  const int64_t height = x.size(1), width = x.size(2), channels = x.size(3);
  in_parallel(x.size(0) * height, [&] {
    return [&, rows = torch::zeros({3, width + 2, channels}, from.options())](int64_t task) {
      const int64_t y = task % height;
      T* padded[3];
      for (int64_t i = 0; i < 3; ++i) {
        padded[i] = rows.template mutable_data_ptr<T>() + i * (width + 2) * channels;
        const bool inside = y + i >= 1 && y + i <= height;
        const T* row = from.template const_data_ptr<T>() + (task + i - 1) * width * channels;
        if (inside) std::copy_n(row, width * channels, padded[i] + channels);
        if (!inside) std::fill_n(padded[i] + channels, width * channels, T(0));
      }
      cpu::depthwise_row<KernelType<T>>(
          {.rows = {as_kernel(padded[0]), as_kernel(padded[1]), as_kernel(padded[2])},
           .taps = taps.const_data_ptr<float>(),
           .bias = conv.bias.const_data_ptr<float>(),
           .pixels = width,
           .channels = channels,
           .out = as_kernel(out.template mutable_data_ptr<T>() + task * width * channels)});
    };
  });
  return out;
}

}  // namespace

bool takes_bottleneck(const torch::Tensor& x, const Bottleneck& bottleneck) {
  const int64_t hidden = bottleneck.first.weight.size(0), out = bottleneck.last.weight.size(0);
  return takes(x) && x.size(3) % 2 == 0 && hidden % kLanes == 0 && out % kLanes == 0;
}

bool takes_depthwise(const torch::Tensor& x) { return takes(x) && x.size(3) % kLanes == 0; }

torch::Tensor inverted_bottleneck(const torch::Tensor& x, const Bottleneck& bottleneck) {
  return type_of_products(x) == torch::kFloat ? Bottlenecks<float>(x, bottleneck).run()
                                              : Bottlenecks<at::BFloat16>(x, bottleneck).run();
}

torch::Tensor depthwise3x3(const torch::Tensor& x, const FoldedConv& conv) {
  return type_of_products(x) == torch::kFloat ? depthwise<float>(x, conv) : depthwise<at::BFloat16>(x, conv);
}

}  // namespace hqsam
