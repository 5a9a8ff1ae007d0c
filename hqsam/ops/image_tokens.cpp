// SPDX-License-Identifier: Apache-2.0
#include "hqsam/ops/image_tokens.h"

#include "hqsam/ops/cpu.h"
#include "hqsam/ops/cpu_tile_kernels.h"
#include "hqsam/ops/tiles.h"

namespace hqsam {
namespace {

constexpr int64_t kPart = 512;  // image tokens of a softmax's part: fixed, so that threads don't change the sums
constexpr int64_t kRows = 64;   // image tokens of a tile
using cpu::kLanes;

// A prompt's image is its own, or the one that all share.
template <class T>
const T* image_of(const torch::Tensor& tokens, int64_t prompt) {
  return tokens.const_data_ptr<T>() + (tokens.size(0) == 1 ? 0 : prompt) * tokens.stride(0);
}

template <class T>
class ToImage {
 public:
  ToImage(const ImageTokens& image, const torch::Tensor& queries)
      : image_(image),
        queries_(right_side<T>(queries.transpose(1, 2))),
        prompts_(queries.size(0)),
        columns_(queries.size(1)),
        channels_(queries.size(2)),
        tokens_(image.keys.size(1)),
        parts_(parts(tokens_, kPart)),
        largest_(torch::empty({prompts_, parts_, columns_})),
        sum_(torch::empty_like(largest_)),
        product_(torch::empty({prompts_, parts_, columns_, channels_})) {}

  torch::Tensor run() {
    in_parallel(prompts_ * parts_,
                [this] { return [this, own = Scratch(*this)](int64_t task) { attend(own, task); }; });
    const auto out = torch::empty({prompts_, columns_, channels_});
    in_parallel(prompts_, [&] {
      return [&](int64_t prompt) {
        const int64_t at = prompt * parts_ * columns_;
        cpu::join_softmax(largest_.const_data_ptr<float>() + at, sum_.const_data_ptr<float>() + at,
                          product_.const_data_ptr<float>() + at * channels_, parts_, columns_, channels_,
                          out.mutable_data_ptr<float>() + prompt * columns_ * channels_);
      };
    });
    return out;
  }

 private:
  struct Scratch {
    explicit Scratch(const ToImage& op)
        : logits(kPart * op.columns_), shares(kPart * op.columns_), keys(kPart * op.channels_) {}
    Buffer<float> logits;
    Buffer<T> shares, keys;
  };

  void attend(const Scratch& own, int64_t task) {
    const int64_t prompt = task / parts_, first = task % parts_ * kPart, rows = std::min(kPart, tokens_ - first);
    const int64_t at = task * columns_;
    product(rows, columns_, channels_, image_of<T>(image_.placed, prompt) + first * channels_, channels_,
            queries_.template const_data_ptr<T>() + prompt * channels_ * columns_, own.logits.at(0), false);
    cpu::softmax_of_columns(own.logits.at(0), rows, columns_, as_kernel(own.shares.at(0)),
                            largest_.mutable_data_ptr<float>() + at, sum_.mutable_data_ptr<float>() + at);
    product(columns_, channels_, rows, own.shares.at(0), rows,
            packed(image_of<T>(image_.keys, prompt) + first * channels_, rows, own.keys.at(0)),
            product_.mutable_data_ptr<float>() + at * channels_, false);
  }

  const T* packed(const T* keys, int64_t rows, T* to) const {
    if constexpr (kPair<T> == 1) {
      return keys;
    } else {
      const T* from[kPart];
      for (int64_t row = 0; row < rows; ++row) from[row] = keys + row * channels_;
      pack_rows(from, rows, channels_, to);
      return to;
    }
  }

  const ImageTokens& image_;
  torch::Tensor queries_;
  int64_t prompts_, columns_, channels_, tokens_, parts_;
  torch::Tensor largest_, sum_, product_;
};

template <class T>
class ToTokens {
 public:
  ToTokens(const ImageTokens& image, const FoldedTokens& tokens)
      : image_(image),
        tokens_(tokens),
        keys_(right_side<T>(tokens.keys.transpose(1, 2))),
        values_(right_side<T>(tokens.values)),
        prompts_(tokens.keys.size(0)),
        columns_(tokens.keys.size(1)),
        channels_(tokens.keys.size(2)),
        count_(image.keys.size(1)),
        out_{torch::empty({prompts_, count_, channels_}, image.keys.options()),
             torch::empty({prompts_, count_, channels_}, image.keys.options())} {}

  ImageTokens run() {
    const int64_t tiles = parts(count_, kRows);
    in_parallel(prompts_ * tiles, [this, tiles] {
      return [this, tiles, own = Scratch(*this)](int64_t task) { attend(own, task / tiles, task % tiles * kRows); };
    });
    return out_;
  }

 private:
  struct Scratch {
    explicit Scratch(const ToTokens& op)
        : logits(kRows * op.columns_), delta(kRows * op.channels_), shares(kRows * op.columns_) {}
    Buffer<float> logits, delta;
    Buffer<T> shares;
  };

  void attend(const Scratch& own, int64_t prompt, int64_t first) {
    const int64_t rows = std::min(kRows, count_ - first), at = first * channels_;
    const int64_t out = prompt * count_ * channels_ + at, folded = prompt * columns_ * channels_;
    product(rows, columns_, channels_, image_of<T>(image_.placed, prompt) + at, channels_,
            keys_.template const_data_ptr<T>() + folded, own.logits.at(0), false);
    cpu::softmax_by_head(own.logits.at(0), tokens_.offsets.const_data_ptr<float>() + prompt * columns_, rows, columns_,
                         tokens_.heads, as_kernel(own.shares.at(0)));
    product(rows, channels_, columns_, own.shares.at(0), columns_, values_.template const_data_ptr<T>() + folded,
            own.delta.at(0), false);
    cpu::add_norm<KernelType<T>>({.x = as_kernel(image_of<T>(image_.keys, prompt) + at),
                                  .delta = own.delta.at(0),
                                  .bias = tokens_.bias.const_data_ptr<float>(),
                                  .weight = tokens_.weight.const_data_ptr<float>(),
                                  .shift = tokens_.shift.const_data_ptr<float>(),
                                  .position = tokens_.position.const_data_ptr<float>() + at,
                                  .normed = as_kernel(out_.keys.mutable_data_ptr<T>() + out),
                                  .placed = as_kernel(out_.placed.mutable_data_ptr<T>() + out),
                                  .rows = rows,
                                  .channels = channels_,
                                  .eps = static_cast<float>(tokens_.eps)});
  }

  const ImageTokens& image_;
  const FoldedTokens& tokens_;
  torch::Tensor keys_, values_;
  int64_t prompts_, columns_, channels_, count_;
  ImageTokens out_;
};

}  // namespace

bool takes_image_tokens(int64_t grid, int64_t channels, int64_t heads, torch::ScalarType type) {
  return has_cpu_kernels(type) && grid % 4 == 0 && channels % (8 * kLanes) == 0 && channels <= cpu::kMostChannels &&
         kLanes % heads == 0;
}

int64_t folded_columns(int64_t tokens, int64_t heads) { return round_up(tokens * heads, 2 * kLanes); }

torch::Tensor attend_to_image(const ImageTokens& image, const torch::Tensor& queries) {
  return image.keys.scalar_type() == torch::kFloat ? ToImage<float>(image, queries).run()
                                                   : ToImage<at::BFloat16>(image, queries).run();
}

ImageTokens attend_to_tokens(const ImageTokens& image, const FoldedTokens& tokens) {
  return image.keys.scalar_type() == torch::kFloat ? ToTokens<float>(image, tokens).run()
                                                   : ToTokens<at::BFloat16>(image, tokens).run();
}

}  // namespace hqsam
