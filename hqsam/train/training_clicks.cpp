// SPDX-License-Identifier: Apache-2.0
#include "hqsam/train/training_clicks.h"

#include "hqsam/core/error.h"
#include "hqsam/prompt/batch.h"

namespace hqsam {
namespace {

constexpr int64_t kIndexBits = 26;  // 8192 x 8192 pixels
constexpr int64_t kWord = 0xffffffff;

// Wellons's mixer of 32-bit words, in int64 numbers: its products stay below 2^63.
torch::Tensor mixed(torch::Tensor x) {
  x = x.bitwise_xor(x.bitwise_right_shift(16)).mul(0x21f0aaad).bitwise_and(kWord);
  x = x.bitwise_xor(x.bitwise_right_shift(15)).mul(0x735a2d97).bitwise_and(kWord);
  return x.bitwise_xor(x.bitwise_right_shift(15));
}

}  // namespace

std::vector<Round> draw_rounds(const ClickRounds& clicks, uint64_t seed, int64_t epoch, int64_t batch) {
  RandomStream stream{seed, static_cast<uint64_t>(epoch), static_cast<uint64_t>(batch),
                      static_cast<uint64_t>(Draw::kPrompt), 0};
  std::vector<Round> rounds(1 + clicks.rounds, {true, clicks.every});
  rounds.front().click = false;
  for (int64_t i = 0; i < clicks.pauses; ++i) {
    const bool last = i + 1 == clicks.pauses;
    // Behind round 1 at the soonest: without a click a first mask is all there is to refine.
    const int64_t at = last || rounds.size() < 3 ? std::ssize(rounds) : 2 + stream.below(std::ssize(rounds) - 2);
    rounds.insert(rounds.begin() + at, {false, clicks.every});
  }
  rounds.back().loss = true;
  if (!clicks.every && rounds.size() > 1) rounds[stream.below(std::ssize(rounds) - 1)].loss = true;
  return rounds;
}

torch::Tensor clickable_pixels(std::span<const TrainingRow* const> rows, torch::Device device) {
  std::vector<torch::Tensor> all;
  for (const TrainingRow* row : rows) {
    const int64_t side = row->label.size(1);
    if (row->picture.height < 1 || row->picture.width < 1) {
      fail("clickable_pixels", "{}: a row with clicks must say where its picture lies", row->name);
    }
    torch::Tensor pixels = torch::zeros({1, side, side}, torch::kBool);
    pixels.slice(1, 0, row->picture.height).slice(2, 0, row->picture.width).fill_(true);
    all.push_back(row->known.defined() ? pixels & (row->known > 0.5) : pixels);
  }
  return copy_to(torch::stack(all), device);
}

torch::Tensor click_keys(std::span<const TrainingRow* const> rows, uint64_t seed, int64_t epoch, int64_t round,
                         torch::Device device) {
  torch::Tensor keys = torch::empty({std::ssize(rows)}, torch::kInt64);
  for (size_t i = 0; i < rows.size(); ++i) {
    RandomStream stream{seed, static_cast<uint64_t>(epoch), static_cast<uint64_t>(rows[i]->position),
                        static_cast<uint64_t>(Draw::kPrompt), static_cast<uint64_t>(round)};
    keys[static_cast<int64_t>(i)] = static_cast<int64_t>(stream.next() >> 32);
  }
  return copy_to(keys, device);
}

NewPoints draw_error_points(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& clickable,
                            const torch::Tensor& keys) {
  const torch::NoGradGuard no_grad;
  const int64_t rows = labels.size(0), height = labels.size(2), width = labels.size(3);
  if (logits.dim() != 4 || logits.size(0) != rows || logits.size(1) != 1 || clickable.sizes() != labels.sizes() ||
      height * width > int64_t{1} << kIndexBits) {
    fail("draw_error_points", "expected logits [{},1,m,m] and clickable pixels as the labels, got {} and {} beside {}",
         rows, fmt::join(logits.sizes(), "x"), fmt::join(clickable.sizes(), "x"), fmt::join(labels.sizes(), "x"));
  }
  const auto inside = torch::upsample_bilinear2d(logits.to(torch::kFloat32), {height, width}, false) > 0;
  const auto truth = labels > 0.5;
  const auto wrong = (inside.bitwise_xor(truth) & clickable).flatten(1);  // [N,S*S]
  const auto index = torch::arange(height * width, keys.options()).unsqueeze(0);
  const auto number = mixed((index + keys.unsqueeze(1)).bitwise_and(kWord)).bitwise_left_shift(kIndexBits) + index;
  const auto best = std::get<0>(torch::where(wrong, number, -1).max(1, /*keepdim=*/true));  // [N,1]
  const auto none = best < 0;
  const auto at = best.bitwise_and((int64_t{1} << kIndexBits) - 1).masked_fill(none, 0);
  NewPoints drawn;
  drawn.points = torch::stack({at.remainder(width), at.div(width, "floor")}, 2).to(torch::kFloat32);
  drawn.labels = truth.flatten(1).gather(1, at).to(torch::kInt32).masked_fill(none, -1);
  return drawn;
}

}  // namespace hqsam
