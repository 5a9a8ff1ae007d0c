// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

#include "hqsam/core/error.h"
#include "hqsam/data/loader.h"
#include "hqsam/model/sam_hq.h"
#include "hqsam/train/trainer.h"
#include "predict/tiny_model.h"

// A model of 64 pixels and a data set of discs, small enough for many training steps in a test.
namespace hqsam::tiny {

inline SamHqOptions model_options() { return testing_support::tiny_options(); }

inline SamHq make_model(uint64_t seed = 1) {
  SamHq model(model_options());
  initialize(model, InitScope::kAll, seed);
  return model;
}

// Bright discs on dark noise. With broken_after set, get() throws from that call on what is no Error, like a run that
// dies.
class DiscDataset : public Dataset {
 public:
  explicit DiscDataset(int64_t size, int64_t broken_after = -1) : size_(size), broken_after_(broken_after) {}
  int64_t size() const override { return size_; }
  std::string path(int64_t index) const override { return "disc_" + std::to_string(index); }
  Sample get(int64_t index) const override {
    if (broken_after_ >= 0 && calls_++ >= broken_after_) throw std::runtime_error("the power went out");
    RandomStream stream{7, static_cast<uint64_t>(index)};
    Sample sample{.set = "discs", .name = std::to_string(index), .image_path = path(index)};
    const int64_t height = 60 + stream.below(20), width = 60 + stream.below(20);
    const double radius = stream.uniform(10, 20), y0 = stream.uniform(20, 40), x0 = stream.uniform(20, 40);
    sample.image = Image(height, width, 3);
    Image label(height, width, 1);
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const double dy = static_cast<double>(y) - y0, dx = static_cast<double>(x) - x0;
        const bool inside = dx * dx + dy * dy < radius * radius;
        for (int c = 0; c < 3; ++c) {
          sample.image.at(y, x)[c] = static_cast<uint8_t>((inside ? 180 : 30) + stream.below(40));
        }
        *label.at(y, x) = inside ? 255 : 0;
      }
    }
    sample.labels.emplace_back(std::move(label));
    return sample;
  }

 private:
  int64_t size_, broken_after_;
  mutable std::atomic<int64_t> calls_{0};
};

inline RowOptions row_options(bool pinned = false) {
  RowOptions rows;
  rows.image_size = 64;
  rows.pinned = pinned;
  rows.augment.scale_min = 0.8;
  rows.augment.scale_max = 1.2;
  rows.prompts = {{{PromptType::kBox}}, {{PromptType::kPoints}}, {{PromptType::kNoisyMask}}};
  return rows;
}

inline TrainingSet make_set(int64_t size = 10, int64_t broken_after = -1, bool pinned = false) {
  return TrainingSet({{std::make_shared<DiscDataset>(size, broken_after), 1.0}}, row_options(pinned));
}

inline std::vector<TrainingRow> make_rows(int64_t count, int64_t epoch = 0, bool pinned = false) {
  const TrainingSet set = make_set(count, /*broken_after=*/-1, pinned);
  return Loader(set, epoch, 0, count, 0, 1).next(count);
}

inline TrainOptions train_options() {
  TrainOptions options;
  options.epochs = 3;
  options.batch_size = 3;
  options.micro_batch = 2;
  options.schedule.drop_after_epoch = 2;
  options.workers = 0;
  options.loss.num_points = 144;
  return options;
}

// Every parameter by key, copied.
inline std::map<std::string, torch::Tensor> copy_weights(SamHq& model) {
  std::map<std::string, torch::Tensor> weights;
  for (const auto& item : model->named_parameters()) weights[item.key()] = item.value().detach().clone();
  return weights;
}

// Keys whose weights differ in a bit.
inline std::vector<std::string> differing(const std::map<std::string, torch::Tensor>& a,
                                          const std::map<std::string, torch::Tensor>& b) {
  std::vector<std::string> keys;
  for (const auto& [key, tensor] : a) {
    if (!torch::equal(tensor, b.at(key))) keys.push_back(key);
  }
  return keys;
}

}  // namespace hqsam::tiny
