// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/mask_pixels.h"

#include "hqsam/ops/cpu_tile_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

constexpr int64_t kStrip = 32;  // rows of pixels of a task
using cpu::kLanes;

const float* of(const torch::Tensor& numbers) { return numbers.const_data_ptr<float>(); }

// A transposed convolution of stride 2 and size 2 as a product: [in,out,2,2] -> [in, 4 * out], place after place.
torch::Tensor by_place(const torch::Tensor& weight) { return weight.permute({0, 2, 3, 1}).flatten(1); }

template <class T>
class Upscale {
 public:
  Upscale(const torch::Tensor& keys, int64_t grid, const UpscaleWeights& weights)
      : keys_(keys),
        weights_(weights),
        grid_(grid),
        channels_(keys.size(2)),
        middle_(weights.first.size(1)),
        out_channels_(weights.second.size(1)),
        side_(4 * grid + 2),
        first_(right_side<T>(by_place(weights.first))),
        second_(right_side<T>(by_place(weights.second))),
        second_bias_(weights.second_bias.repeat({4})),
        first_bias_(weights.first_bias.contiguous()),
        out_(torch::empty({keys.size(0), side_, side_, out_channels_}, keys.options())) {}

  torch::Tensor run() {
    out_.narrow(1, 0, 1).zero_();
    out_.narrow(1, side_ - 1, 1).zero_();
    in_parallel(keys_.size(0) * grid_, [this] {
      return [this, own = Scratch(*this)](int64_t task) { row(own, task / grid_, task % grid_); };
    });
    return out_;
  }

 private:
  struct Scratch {
    explicit Scratch(const Upscale& op)
        : sums(op.grid_ * 16 * op.out_channels_), middle(op.grid_ * 4 * op.middle_), last(sums_of(op)) {}
    static int64_t sums_of(const Upscale& op) { return op.grid_ * 16 * op.out_channels_; }
    Buffer<float> sums;
    Buffer<T> middle, last;
  };

  // A row of tokens, to four rows of pixels.
  void row(const Scratch& own, int64_t picture, int64_t y) {
    const int64_t quarters = 4 * grid_, places = 4 * out_channels_;
    product(grid_, 4 * middle_, channels_, keys_.const_data_ptr<T>() + (picture * grid_ + y) * grid_ * channels_,
            channels_, first_.template const_data_ptr<T>(), own.sums.at(0), false);
    cpu::bias_norm_gelu(own.sums.at(0), quarters, middle_, of(first_bias_), of(weights_.norm), of(weights_.norm_shift),
                        static_cast<float>(weights_.eps), as_kernel(own.middle.at(0)));
    product(quarters, places, middle_, own.middle.at(0), middle_, second_.template const_data_ptr<T>(), own.sums.at(0),
            false);
    cpu::bias_gelu(own.sums.at(0), quarters, places, of(second_bias_), as_kernel(own.last.at(0)));
    for (int64_t i = 0; i < 4; ++i) pixel_row(own, picture, y, i / 2, i % 2);
  }

  void pixel_row(const Scratch& own, int64_t picture, int64_t y, int64_t dy, int64_t ey) {
    const int64_t two = 2 * out_channels_;
    T* to = out_.mutable_data_ptr<T>() + (picture * side_ + 1 + 4 * y + 2 * dy + ey) * side_ * out_channels_;
    std::fill_n(to, out_channels_, T(0));
    for (int64_t x = 0; x < 2 * grid_; ++x) {  // pairs of pixels
      const int64_t quarter = x / 2 * 4 + dy * 2 + x % 2;
      std::copy_n(own.last.at(quarter * 2 * two + ey * two), two, to + out_channels_ + x * two);
    }
    std::fill_n(to + (side_ - 1) * out_channels_, out_channels_, T(0));
  }

  const torch::Tensor& keys_;
  const UpscaleWeights& weights_;
  int64_t grid_, channels_, middle_, out_channels_, side_;
  torch::Tensor first_, second_, second_bias_, first_bias_, out_;
};

template <class T>
torch::Tensor dot(const torch::Tensor& pixels, const torch::Tensor& weights) {
  const int64_t side = pixels.size(1), inner = side - 2, channels = pixels.size(3), masks = weights.size(1);
  const auto right = right_side<T>(torch::constant_pad_nd(weights, {0, 0, 0, kLanes - masks}).transpose(1, 2));
  const auto out = torch::empty({pixels.size(0), masks, inner, inner});
  in_parallel(pixels.size(0) * inner, [&] {
    return [&, sums = Buffer<float>(inner * kLanes), turned = Buffer<float>(inner * kLanes)](int64_t task) {
      const int64_t picture = task / inner, y = task % inner;
      const T* row = pixels.const_data_ptr<T>() + ((picture * side + y + 1) * side + 1) * channels;
      product(inner, kLanes, channels, row, channels, right.template const_data_ptr<T>() + picture * channels * kLanes,
              sums.at(0), false);
      cpu::transpose_lanes(sums.at(0), inner, turned.at(0));
      for (int64_t i = 0; i < masks; ++i) {
        std::copy_n(turned.at(i * inner), inner,
                    out.mutable_data_ptr<float>() + ((picture * masks + i) * inner + y) * inner);
      }
    };
  });
  return out;
}

template <class T>
class Convs {
 public:
  Convs(const torch::Tensor& pixels, const FoldedConvs& convs, const torch::Tensor& masks)
      : pixels_(pixels),
        convs_(convs),
        masks_(masks),
        side_(pixels.size(1)),
        inner_(side_ - 2),
        channels_(pixels.size(3)),
        middle_(convs.first.size(0)),
        first_(right_side<T>(convs.first.permute({2, 3, 1, 0}).flatten(1, 2))),
        second_(right_side<T>(torch::constant_pad_nd(convs.second.flatten(2), {0, kLanes - 9}))) {}

  void run() {
    const int64_t strips = parts(inner_, kStrip);
    in_parallel(pixels_.size(0) * strips, [this, strips] {
      return [this, strips, own = Scratch(*this)](int64_t task) { strip(own, task / strips, task % strips * kStrip); };
    });
  }

 private:
  struct Scratch {
    explicit Scratch(const Convs& op)
        : sums(op.inner_ * op.middle_), features(op.inner_ * op.middle_), turned(op.inner_ * kLanes) {}
    Buffer<float> sums;
    Buffer<T> features;
    Buffer<float> turned;
  };

  void strip(const Scratch& own, int64_t picture, int64_t first) {
    const int64_t end = std::min(first + kStrip, inner_);
    for (int64_t y = std::max<int64_t>(first - 1, 0); y < std::min(end + 1, inner_); ++y) {
      feature_row(own, picture, y);
      for (int64_t dy = 0; dy < 3; ++dy) {
        const int64_t to = y + 1 - dy;
        if (to >= first && to < end) add_taps(own.turned.at(3 * dy * inner_), row_of(picture, to));
      }
    }
  }

  // The first convolution at a row of pixels, and each tap of the second one's product with it.
  void feature_row(const Scratch& own, int64_t picture, int64_t y) {
    for (int64_t dy = 0; dy < 3; ++dy) {  // a pixel and its two neighbours lie side by side
      product(inner_, middle_, 3 * channels_,
              pixels_.const_data_ptr<T>() + (picture * side_ + y + dy) * side_ * channels_, channels_,
              first_.template const_data_ptr<T>() + dy * 3 * channels_ * middle_, own.sums.at(0), dy > 0);
    }
    cpu::bias_norm_gelu(own.sums.at(0), inner_, middle_, of(convs_.first_bias), of(convs_.norm), of(convs_.norm_shift),
                        static_cast<float>(convs_.eps), as_kernel(own.features.at(0)));
    product(inner_, kLanes, middle_, own.features.at(0), middle_,
            second_.template const_data_ptr<T>() + picture * middle_ * kLanes, own.sums.at(0), false);
    cpu::transpose_lanes(own.sums.at(0), inner_, own.turned.at(0));
  }

  void add_taps(const float* taps, float* to) const {
    cpu::add_to(taps, inner_ - 1, to + 1);
    cpu::add_to(taps + inner_, inner_, to);
    cpu::add_to(taps + 2 * inner_ + 1, inner_ - 1, to);
  }

  float* row_of(int64_t picture, int64_t y) const {
    return masks_.mutable_data_ptr<float>() + (picture * inner_ + y) * inner_;
  }

  const torch::Tensor& pixels_;
  const FoldedConvs& convs_;
  const torch::Tensor& masks_;
  int64_t side_, inner_, channels_, middle_;
  torch::Tensor first_, second_;
};

}  // namespace

torch::Tensor upscale_tokens(const torch::Tensor& keys, int64_t grid, const UpscaleWeights& weights) {
  return keys.scalar_type() == torch::kFloat ? Upscale<float>(keys, grid, weights).run()
                                             : Upscale<at::BFloat16>(keys, grid, weights).run();
}

torch::Tensor dot_with_pixels(const torch::Tensor& pixels, const torch::Tensor& weights) {
  return pixels.scalar_type() == torch::kFloat ? dot<float>(pixels, weights) : dot<at::BFloat16>(pixels, weights);
}

void add_folded_convs(const torch::Tensor& pixels, const FoldedConvs& convs, torch::Tensor& masks) {
  pixels.scalar_type() == torch::kFloat ? Convs<float>(pixels, convs, masks).run()
                                        : Convs<at::BFloat16>(pixels, convs, masks).run();
}

}  // namespace hqsam
